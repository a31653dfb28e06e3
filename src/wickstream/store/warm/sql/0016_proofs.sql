-- What `verify` and `validate` found, for whoever asks how the last run ended: one row a run, the newest of each kind.
-- `ended_at`: ms, the clock of the process. `report`: as the commands print it with --json.
CREATE TABLE proofs (
    kind     text    NOT NULL CHECK (kind IN ('verify', 'validate')),
    ended_at bigint  NOT NULL,
    passed   boolean NOT NULL,
    report   jsonb   NOT NULL,
    PRIMARY KEY (kind, ended_at)
);
