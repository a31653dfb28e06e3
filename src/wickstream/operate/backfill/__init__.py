"""Fills what lies before the first trade we saw, from the exchange's own archive and klines."""
