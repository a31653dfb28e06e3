-- Keys of the API, never themselves: `key_hash` is the sha256 of one, which has 256 bits by chance and so needs no salt.
-- Times in ms, by the clock of the process that wrote them. `per_minute`: a limit of its own; null: the usual one.
CREATE TABLE api_keys (
    key_id     text   PRIMARY KEY,
    name       text   NOT NULL,
    key_hash   bytea  NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    scopes     text[] NOT NULL,
    per_minute integer CHECK (per_minute > 0),
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint
);
