"""Keys of every kind, as they would lie in PostgreSQL."""

from wickstream.store.warm.api_keys import ApiKey, digest_of

LONG_AGO_MS, NEVER_MS = 1, 4_000_000_000_000
ALL_SCOPES = ("read", "live", "metrics")


def key_text(name: str) -> str:
    return f"wks_{name}"


def a_key(
    name: str,
    *scopes: str,
    per_minute: int | None = None,
    expires_at: int | None = None,
    revoked_at: int | None = None,
) -> tuple[bytes, ApiKey]:
    return digest_of(key_text(name)), ApiKey(name, name, scopes, per_minute, LONG_AGO_MS, expires_at, revoked_at)


GIVEN = dict(
    [
        a_key("expired", *ALL_SCOPES, expires_at=LONG_AGO_MS + 1),
        a_key("revoked", *ALL_SCOPES, revoked_at=LONG_AGO_MS + 1),
        a_key("read", "read", expires_at=NEVER_MS),
        a_key("live", "live"),
        a_key("metrics", "metrics"),
        a_key("two-a-minute", "read", per_minute=2),
    ]
)
