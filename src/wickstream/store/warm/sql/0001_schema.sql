-- Times are UTC epoch milliseconds. Amounts are numeric without a scale: what comes in is kept to the last digit.

-- A partition a month: it is made and dropped as a whole, a 90-day read touches four of them (by day: ninety, and
-- planning would cost more than reading), and the cold tier has the same months. There is no DEFAULT partition:
-- with one, no partition could be attached or detached without locking everybody out.
CREATE TABLE candles (
    symbol                 text    NOT NULL,
    "interval"             text    NOT NULL CHECK ("interval" = '1m'),
    open_time              bigint  NOT NULL,
    close_time             bigint  NOT NULL,
    open                   numeric NOT NULL,
    high                   numeric NOT NULL,
    low                    numeric NOT NULL,
    close                  numeric NOT NULL,
    volume                 numeric NOT NULL,
    quote_volume           numeric NOT NULL,
    trade_count            bigint  NOT NULL,
    taker_buy_volume       numeric NOT NULL,
    taker_buy_quote_volume numeric NOT NULL,
    first_trade_id         bigint,
    last_trade_id          bigint,
    closed                 boolean NOT NULL,
    revision               integer NOT NULL,
    origin                 text    NOT NULL CHECK (origin IN ('trades', 'agg', 'exchange', 'archive')),
    published_at           bigint  NOT NULL,
    PRIMARY KEY (symbol, "interval", open_time),
    CONSTRAINT ids_hold_the_trades CHECK (trade_count <= last_trade_id - first_trade_id + 1)
) PARTITION BY RANGE (open_time);

-- The connector's word on each minute; of two marks of a minute the one with the larger count is the newer.
CREATE TABLE marks (
    symbol         text    NOT NULL,
    open_time      bigint  NOT NULL,
    first_trade_id bigint  NOT NULL,
    last_trade_id  bigint  NOT NULL,
    trade_count    bigint  NOT NULL,
    id_sum         numeric NOT NULL,
    close          numeric NOT NULL,
    next_trade_id  bigint  NOT NULL,
    PRIMARY KEY (symbol, open_time)
);

-- The ledger of what is missing: ids from first_trade_id to last_trade_id, or a minute in which nothing was traded.
CREATE TABLE gaps (
    symbol         text   NOT NULL,
    first_trade_id bigint,
    last_trade_id  bigint,
    open_time      bigint,
    detected_at    bigint NOT NULL,
    status         text   NOT NULL,
    filled_by      text,
    evidence       text,
    CONSTRAINT ids_or_minute CHECK (first_trade_id IS NOT NULL OR open_time IS NOT NULL)
);
CREATE UNIQUE INDEX gaps_of_ids ON gaps (symbol, first_trade_id) WHERE first_trade_id IS NOT NULL;
CREATE UNIQUE INDEX gaps_of_minutes ON gaps (symbol, open_time) WHERE first_trade_id IS NULL;
