"""Redis: the last hour of closed candles."""
