"""The live lane: last tickers, prices, trades and the forming candle, in milliseconds."""
