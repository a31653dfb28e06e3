"""The live lane is tried on each server that it may be."""

import pytest

from wickstream.config import Settings

REDISES = ("valkey-9", pytest.param("redis-7", marks=pytest.mark.system_program("redis-server")))


@pytest.fixture(scope="session", params=REDISES)
def redis(request: pytest.FixtureRequest) -> Settings:
    """Settings of Valkey, which other tests share, or of Debian's Redis 7."""
    found: Settings = request.getfixturevalue("redis_7" if request.param == "redis-7" else "redis")
    return found
