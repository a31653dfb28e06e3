"""From candles to the tiers, and the tiers as one series."""
