"""What production must not run with: secrets that are missing, usual or weak. Pure; names variables, never values."""

import re
from collections.abc import Iterator
from typing import Protocol

from pydantic import SecretStr

LEAST_LENGTH = 16
LEAST_DIFFERENT = 8
_USUAL = re.compile(
    r"(password|passwd|changeme|changethis|secret|default|example|postgres|redis|valkey|minio|minioadmin|admin|root|"
    r"wickstream|binance|crypto|qwerty|letmein|123+4*5*6*7*8*9*0*|test|demo|dev|prod|[\W\d_])+",
    re.IGNORECASE,
)


class Secrets(Protocol):
    """The settings that matter here."""

    redis_host: str | None
    redis_password: SecretStr | None
    postgres_host: str | None
    postgres_user: str
    postgres_password: SecretStr | None
    postgres_read_password: SecretStr | None
    minio_endpoint: str | None
    minio_access_key: str | None
    minio_secret_key: SecretStr | None


def weaknesses(settings: Secrets) -> Iterator[str]:
    """One line for each variable that has to be mended.

    A server of our own, which has no address, is on loopback and gets a password made at random.
    """
    for variable, secret, is_needed in (
        ("REDIS_PASSWORD", settings.redis_password, settings.redis_host is not None),
        ("POSTGRES_PASSWORD", settings.postgres_password, settings.postgres_host is not None),
        ("POSTGRES_READ_PASSWORD", settings.postgres_read_password, False),
        ("MINIO_SECRET_KEY", settings.minio_secret_key, settings.minio_endpoint is not None),
    ):
        fault = _fault(secret, is_needed=is_needed)
        if fault:
            yield f"{variable} {fault}"
    if settings.minio_endpoint is not None and settings.minio_access_key in (None, "", "minioadmin", "minio"):
        yield "MINIO_ACCESS_KEY is missing or the usual one"


def _fault(secret: SecretStr | None, *, is_needed: bool) -> str | None:
    value = secret.get_secret_value() if secret else ""
    if not value:
        return "is missing" if is_needed else None
    if _USUAL.fullmatch(value):
        return "is a usual one"
    if len(value) < LEAST_LENGTH or len(set(value)) < LEAST_DIFFERENT:
        return f"is weak: {LEAST_LENGTH} characters at least, {LEAST_DIFFERENT} of them different"
    return None
