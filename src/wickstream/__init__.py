"""Exact candles from Binance trades."""
