"""What the metrics are told of candles that were offered to a tier."""

import uuid

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.candles import MIDNIGHT_MS, minute
from wickstream.store.tiers import count
from wickstream.store.versions import Written

WRITTEN = Written(stored=1)


@pytest.fixture
def tier() -> str:
    """One that no other test has."""
    return uuid.uuid4().hex[:8]


def newest_s(tier: str) -> float | None:
    return REGISTRY.get_sample_value("wickstream_newest_closed_timestamp_seconds", {"tier": tier})


def test_the_newest_closed_minute_is_told_and_history_is_not_new(tier: str) -> None:
    found = []
    for rows in ([minute(number=3, closed=False)], [minute(number=1), minute(number=2)], [minute(number=0)], []):
        count(tier, WRITTEN, rows)
        found.append(newest_s(tier))
    assert found == [None, *[MIDNIGHT_MS / 1_000 + 180] * 3]


def test_candles_that_contradict_are_counted_and_told_among_which_they_were(tier: str) -> None:
    with capture_logs() as logs:
        count(tier, Written(), [minute()])
        count(tier, Written(contradicting=2), [minute(number=5), minute("ETHUSDT", 4)])
    assert REGISTRY.get_sample_value("wickstream_contradictions_total", {"tier": tier}) == 2
    (line,) = logs
    assert (line["symbols"], line["count"]) == (["BTCUSDT", "ETHUSDT"], 2)
    assert (line["first"], line["last"]) == (MIDNIGHT_MS + 240_000, MIDNIGHT_MS + 300_000)
