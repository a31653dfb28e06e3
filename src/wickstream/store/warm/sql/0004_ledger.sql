-- When the trades that a mark tells of were published (ms, producers' clocks): those from its next_trade_id on at
-- `since` or later, its own by `written_at`. What is to be recomputed is found in Kafka by it.
ALTER TABLE marks ADD COLUMN since bigint, ADD COLUMN written_at bigint;

-- The ledger's open items: minutes whose mark no closed candle matches yet (unclosed), and ranges of minutes between
-- two marks of a symbol that have none (unmarked). A mark comes here with the transaction that stores it, so nothing
-- has to be searched for. `minutes`: how many of them are not proven; `found_at`: null while they may still come.
CREATE TABLE unproven (
    symbol         text    NOT NULL,
    open_time      bigint  NOT NULL,
    kind           text    NOT NULL CHECK (kind IN ('unclosed', 'unmarked')),
    last_open_time bigint  NOT NULL,
    minutes        integer NOT NULL,
    noted_at       bigint  NOT NULL,
    found_at       bigint,
    PRIMARY KEY (kind, symbol, open_time)
);
CREATE INDEX unproven_found ON unproven (found_at) WHERE found_at IS NOT NULL;
INSERT INTO unproven
SELECT symbol, open_time, 'unclosed', open_time, 1, (extract(epoch FROM now()) * 1000)::bigint FROM marks;

-- Where a connector began to follow a symbol: what was traded before, since it was last followed, is not missing.
CREATE TABLE starts (
    symbol         text   NOT NULL,
    first_trade_id bigint NOT NULL,
    since          bigint NOT NULL,
    PRIMARY KEY (symbol, first_trade_id)
);
