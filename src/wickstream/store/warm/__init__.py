"""PostgreSQL: ninety days of candles, alerts, marks and gaps."""
