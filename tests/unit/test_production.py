"""WICKSTREAM_ENV=production, as a process meets it that reads its environment."""

from pathlib import Path

import pytest

from wickstream.config import read_settings, setting_names
from wickstream.errors import Mistake

GOOD = "fK7r-w2Qz_9bLmX4tVdP"
SERVERS = {"REDIS_HOST": "redis", "POSTGRES_HOST": "postgres", "MINIO_ENDPOINT": "http://minio:9000"}
SECRETS = {"REDIS_PASSWORD": GOOD, "POSTGRES_PASSWORD": GOOD, "MINIO_SECRET_KEY": GOOD, "MINIO_ACCESS_KEY": "writer"}


@pytest.fixture(autouse=True)
def _production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names().values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WICKSTREAM_ENV", "production")


def starts(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    for name, value in (SERVERS | SECRETS | changed).items():
        monkeypatch.setenv(name, value)
    read_settings()


def test_it_starts_with_secrets_that_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    starts(monkeypatch)


def test_servers_of_our_own_have_secrets_of_their_own() -> None:
    assert read_settings().is_production


@pytest.mark.parametrize("variable", ["REDIS_PASSWORD", "POSTGRES_PASSWORD", "MINIO_SECRET_KEY", "MINIO_ACCESS_KEY"])
@pytest.mark.parametrize(
    "value",
    ["", "minioadmin", "hunter2!x", "postgres", "changeme-changeme-123", "wickstream-redis-password", "a" * 40],
)
def test_a_missing_usual_or_weak_one_is_named_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    if variable == "MINIO_ACCESS_KEY" and value not in ("", "minioadmin"):
        return  # a name, not a secret
    with pytest.raises(Mistake) as said:
        starts(monkeypatch, **{variable: value})
    assert f"{variable} is" in str(said.value)
    assert GOOD not in str(said.value)
    assert not value or value not in str(said.value).replace("wickstream", "")


def test_all_of_them_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Mistake) as said:
        starts(monkeypatch, REDIS_PASSWORD="", POSTGRES_PASSWORD="postgres", MINIO_SECRET_KEY="minioadmin")
    for variable in (
        "REDIS_PASSWORD is missing",
        "POSTGRES_PASSWORD is a usual one",
        "MINIO_SECRET_KEY is a usual one",
    ):
        assert variable in str(said.value)


def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    starts(monkeypatch, WICKSTREAM_ENV="development", REDIS_PASSWORD="", POSTGRES_PASSWORD="postgres")


def test_programs_of_this_machine_are_limited_too() -> None:
    assert not read_settings().spares_loopback
