-- What was said of each symbol, and from when on it was so (ms, the exchange's clock): the topic keeps only the newest
-- word of each author. `next_trade_id`: of a connector's `started` the first id that it followed.
CREATE TABLE symbol_events (
    symbol        text   NOT NULL,
    author        text   NOT NULL CHECK (author IN ('exchange', 'operator', 'connector')),
    status        text   NOT NULL,
    since         bigint NOT NULL,
    chosen        boolean,
    chosen_by     text,
    shard         text,
    next_trade_id bigint,
    PRIMARY KEY (symbol, since, author, status)
);
INSERT INTO symbol_events (symbol, author, status, since, chosen, next_trade_id)
SELECT DISTINCT ON (symbol, since) symbol, 'connector', 'started', since, true, first_trade_id
FROM starts ORDER BY symbol, since, first_trade_id;
