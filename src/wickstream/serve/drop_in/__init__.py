"""`/api/v3` as Binance has it, out of our own store."""
