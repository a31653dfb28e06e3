"""What `verify` holds against what is stored: the chain of ids, the other tiers, the exchange's klines."""
