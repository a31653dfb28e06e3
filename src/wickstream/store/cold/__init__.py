"""The lake: Delta tables of candles and trades, for ever."""
