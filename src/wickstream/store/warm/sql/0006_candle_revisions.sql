-- What was known of closed minutes before what `candles` holds of them now; what it means is said where it is written
-- (revisions.py). One row a version and origin, with the earliest time it was published. By month like the candles, so
-- that both go together.
CREATE TABLE candle_revisions (
    LIKE candles INCLUDING CONSTRAINTS,
    CONSTRAINT closed_only CHECK (closed),
    PRIMARY KEY (symbol, "interval", open_time, revision, trade_count, origin)
) PARTITION BY RANGE (open_time);
