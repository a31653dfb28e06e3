"""Minutes made again: what the ledger found, or a range, from the trades that are here."""
