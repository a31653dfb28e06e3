"""What was known at a moment, of any interval: of PostgreSQL's minutes all of it, of others only what is sure."""

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle, roll_up, supersedes
from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unknowable
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import NOTHING, HotWriter
from wickstream.store.series.plan import Question
from wickstream.store.series.ranges import RangeReader
from wickstream.store.series.router import Router, Series
from wickstream.store.series.wide import AsKnown, find_wide
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

LATER_MS = 10 * MINUTE_MS  # after a minute ended, its repair was published


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


def ask(settings: Settings, known_at_ms: int, interval: str = "1m", **fields: Any) -> Series:
    given: dict[str, Any] = {"start": at(0), "end": None, "limit": 500, "closed_only": False}

    async def within() -> Series:
        async with Router(settings) as router:
            return await router.klines(
                settings.ticker_symbols[0], interval, **(given | fields), as_known_at=known_at_ms
            )

    return asyncio.run(within())


def published(settings: Settings, numbers: Sequence[int], *, repaired: bool = False) -> list[Candle]:
    """Minutes of that symbol, known half a second after their end; or again, of a trade more."""
    symbol = settings.ticker_symbols[0]
    if not repaired:
        return [minute(symbol, n) for n in numbers]
    return [minute(symbol, n, revision=1, trade_count=9, published_at=at(n + 1) + 500 + LATER_MS) for n in numbers]


def into_warm(settings: Settings, rows: Sequence[Candle], *, gaps: Sequence[Gap] = ()) -> None:
    with closing(WarmWriter(settings)) as writer:
        writer.write(rows, gaps=gaps)


@pytest.fixture
def filled(stores: Settings) -> Settings:
    """An hour in all three tiers, of which each tenth minute was repaired ten minutes later."""
    rows, repaired = published(stores, range(60)), published(stores, range(0, 60, 10), repaired=True)
    into_warm(stores, rows)
    into_warm(stores, repaired)
    ColdCandles(stores).store([*rows, *repaired], {})
    with closing(HotWriter(stores)) as hot:
        hot.write([*rows, *repaired])
    return stores


def counts(series: Series) -> list[int]:
    return [candle.trade_count for candle in series.candles]


def test_nothing_that_became_known_later_is_told(filled: Settings) -> None:
    series = ask(filled, at(30) + 500)

    assert counts(series) == [9] + [10] * 9 + [9] + [10] * 19
    assert series.complete
    assert series.sources[1:] == ("warm",)
    assert counts(ask(filled, at(30) + 499)) == [9] + [10] * 9 + [9] + [10] * 18


def test_longer_candles_are_rolled_up_from_what_was_known(filled: Settings) -> None:
    series = ask(filled, at(25) + 500, "15m")

    assert [(c.trade_count, c.closed) for c in series.candles] == [(148, True), (100, False)]
    assert counts(ask(filled, at(25) + 500, "15m", closed_only=True)) == [148]
    assert counts(ask(filled, at(25) + 500, "5m", start=None, limit=2)) == [50, 50]


def test_a_halt_is_known_once_it_was_found(stores: Settings) -> None:
    halt = Gap(stores.ticker_symbols[0], None, None, at(2), at(9), GapStatus.HALTED)
    into_warm(stores, published(stores, (0, 1, 3, 4)), gaps=[halt])

    assert not ask(stores, at(9) - 1, "5m").candles[0].closed
    assert ask(stores, at(9), "5m").candles[0].closed


def test_of_minutes_that_postgres_does_not_keep_the_lake_tells_what_is_sure(stores: Settings) -> None:
    into_warm(stores, published(stores, range(30, 60)))
    ColdCandles(stores).store([*published(stores, range(29)), *published(stores, (29,), repaired=True)], {})

    assert counts(ask(stores, at(40) + 500, start=at(25), end=at(31))) == [10] * 4 + [9] + [10] * 2
    assert counts(ask(stores, at(40), start=at(25), end=at(28))) == [10] * 4
    with pytest.raises(Unknowable, match=f"from {at(29)} on.*until {at(40) + 500}; ask as_known_at={at(40) + 500}"):
        ask(stores, at(40) + 499, start=at(25), end=at(31))


def test_what_is_yet_to_come_is_known_to_nobody(filled: Settings) -> None:
    with pytest.raises(Unknowable, match="yet to come"):
        ask(filled, 4_000_000_000_000)


def test_what_a_tier_that_is_away_holds_does_not_pass_for_unknown(filled: Settings, tmp_path: Path) -> None:
    nowhere = {"postgres_host": "127.0.0.1", "postgres_port": 1}
    with pytest.raises(StoreBusy, match="PostgreSQL"):
        ask(filled.model_copy(update=nowhere), at(30))
    log = tmp_path / "broken" / "candles" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("no JSON")
    with pytest.raises(StoreBusy, match="cold"):
        ask(filled.model_copy(update={"cold_url": f"file:{tmp_path / 'broken'}"}), at(30))


def test_without_redis_the_answer_is_the_same(filled: Settings) -> None:
    nowhere = {"redis_host": "127.0.0.1", "redis_port": 1}
    assert ask(filled.model_copy(update=nowhere), at(30)) == ask(filled, at(30))


VERSIONS = st.builds(
    lambda number, revision, published_at: minute(number=number, revision=revision, published_at=published_at),
    st.integers(0, 5),
    st.integers(0, 2),
    st.integers(1, 9).map(lambda minutes: at(6 + minutes)),
)


@pytest.fixture
def reader(stores: Settings) -> Iterator[RangeReader]:
    with closing(RangeReader(stores)) as reader:
        yield reader


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offered=st.lists(VERSIONS, min_size=1, max_size=12), moment=st.integers(0, 10))
def test_at_any_moment_it_is_the_roll_up_of_the_largest_versions_published_by_then(
    stores: Settings, reader: RangeReader, offered: list[Candle], moment: int
) -> None:
    symbol = f"H{uuid.uuid4().hex[:12]}"
    named = [msgspec.structs.replace(candle, symbol=symbol) for candle in offered]
    for candle in named:
        into_warm(stores, [candle])
    known_at_ms = at(6 + moment)
    known: dict[int, Candle] = {}
    for candle in sorted(named, key=lambda one: one.published_at):
        if candle.published_at <= known_at_ms:
            other = known.setdefault(candle.open_time, candle)
            known[candle.open_time] = candle if supersedes(candle, other) else other
    question = Question(symbol, "3m", at(0), None, 500, closed_only=False)
    found = find_wide(question, AsKnown(reader, known_at_ms), hour=NOTHING, forming=None, now_ms=known_at_ms)
    assert list(found.candles) == list(roll_up([known[time] for time in sorted(known)], "3m"))
