-- One row an alert: of what the topic said about it, what had the largest version.
CREATE TABLE alerts (
    alert_id    text    PRIMARY KEY,
    type        text    NOT NULL CHECK (type IN ('whale', 'sweep', 'volume_spike', 'price_spike')),
    symbol      text    NOT NULL,
    at          bigint  NOT NULL,
    value       numeric NOT NULL,
    threshold   numeric NOT NULL,
    facts       jsonb   NOT NULL,
    late        boolean NOT NULL,
    final       boolean NOT NULL,
    revision    integer NOT NULL,
    trade_count bigint  NOT NULL
);
CREATE INDEX alerts_of_symbols ON alerts (symbol, at);
CREATE INDEX alerts_of_types ON alerts (type, at);
