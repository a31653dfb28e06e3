"""From trades and marks to candles: the Spark job."""
