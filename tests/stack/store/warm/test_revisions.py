"""What may be known when: the tables against a plain model that remembers every version it was offered."""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from tests.running import wait_until
from tests.tier_contents import read_warm
from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.series.frames import SCHEMA, candles_of
from wickstream.store.warm.bulk import BulkReader
from wickstream.store.warm.candles import upsert_candles
from wickstream.store.warm.database import connect
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

SYMBOL = "BTCUSDT"
EVER = 2**53

Known = Callable[..., list[Candle]]

versions = st.builds(
    lambda **fields: minute(**fields),
    number=st.integers(0, 1),
    revision=st.integers(0, 2),
    closed=st.sampled_from([True, True, False]),
    trade_count=st.integers(9, 10),
    origin=st.sampled_from(Origin),
    published_at=st.integers(1, 9),
    close=st.sampled_from([Decimal("61850.12"), Decimal("61850.13")]),
)


@pytest.fixture
def writer(database: Settings) -> Iterator[WarmWriter]:
    with closing(WarmWriter(database)) as writer:
        yield writer


@pytest.fixture
def known(database: Settings) -> Iterator[Known]:
    """Candles as they were known at a moment."""
    with closing(BulkReader(database)) as reader:

        def read(moment_ms: int, *, symbol: str = SYMBOL, first_ms: int = 0, last_ms: int = EVER) -> list[Candle]:
            return candles_of(reader.candles_as_known_at(symbol, first_ms, last_ms, SCHEMA, known_at_ms=moment_ms))

        yield read


def rows(database: Settings) -> list[tuple[int, int, int]]:
    """Of the table of revisions: revision, trade count and when it was published."""
    with closing(connect(database)) as conn:
        return conn.execute(
            "SELECT revision, trade_count, published_at FROM candle_revisions ORDER BY open_time, 1, 2, 3"
        ).fetchall()


def rank(candle: Candle) -> tuple[int, int, bool, int]:
    return (candle.revision, candle.trade_count, candle.origin == Origin.TRADES, -candle.published_at)


def answer(offered: Sequence[Candle], moment: int) -> dict[int, tuple[int, int, bool, int]]:
    """The definition: of each minute the largest closed version that was published by then, and when it was first."""
    by_then = [candle for candle in offered if candle.closed and candle.published_at <= moment]
    times = {candle.open_time for candle in by_then}
    return {time: max(rank(candle) for candle in by_then if candle.open_time == time) for time in sorted(times)}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(versions, min_size=1, max_size=5), min_size=1, max_size=4))
def test_at_any_moment_the_largest_closed_version_published_by_then_is_known(
    database: Settings, writer: WarmWriter, known: Known, batches: list[list[Candle]]
) -> None:
    symbol = f"H{uuid.uuid4()}"
    named = [[msgspec.structs.replace(candle, symbol=symbol) for candle in batch] for batch in batches]
    offered = [candle for batch in named for candle in batch]
    for batch in named:
        writer.write(batch)

    for moment in range(11):
        found = known(moment, symbol=symbol)
        assert {candle.open_time: rank(candle) for candle in found} == answer(offered, moment), moment
        assert all(candle in offered for candle in found)
    held = {candle.open_time: candle for candle in read_warm(database, symbol) if candle.closed}
    assert {c.open_time: rank(c)[:3] for c in found if c.open_time in held} == {t: rank(c)[:3] for t, c in held.items()}


def test_after_everything_was_published_what_is_held_is_known(
    database: Settings, writer: WarmWriter, known: Known
) -> None:
    writer.write([minute(SYMBOL, n, revision=r, published_at=10 + r) for r in (0, 1) for n in range(3)])

    assert (
        known(EVER)
        == read_warm(database, SYMBOL)
        == [minute(SYMBOL, n, revision=1, published_at=11) for n in (0, 1, 2)]
    )
    assert known(10) == [minute(SYMBOL, n, published_at=10) for n in (0, 1, 2)]
    assert known(9) == []


def test_a_candle_that_grew_is_known_once_it_closed(writer: WarmWriter, known: Known) -> None:
    for count, closed in ((3, False), (10, False), (10, True)):
        writer.write([minute(SYMBOL, trade_count=count, closed=closed, published_at=count + closed)])

    assert (known(10), len(known(11))) == ([], 1)


def test_an_open_candle_of_a_larger_revision_leaves_the_closed_one_known(writer: WarmWriter, known: Known) -> None:
    first = minute(SYMBOL, published_at=10)
    writer.write([first])
    writer.write([minute(SYMBOL, revision=1, closed=False, published_at=5)])

    assert known(20) == [first]


def test_a_version_that_arrives_behind_a_larger_one_was_known_before_it(writer: WarmWriter, known: Known) -> None:
    late, larger = minute(SYMBOL, published_at=10), minute(SYMBOL, revision=1, published_at=20)
    writer.write([larger])
    assert known(15) == []

    assert writer.write([late]).older == 1

    assert (known(15), known(20)) == ([late], [larger])


def test_a_version_is_known_since_it_was_published_first_whichever_arrives_first(
    writer: WarmWriter, known: Known
) -> None:
    again, first = minute(SYMBOL, published_at=20), minute(SYMBOL, published_at=10)
    writer.write([minute(SYMBOL, revision=1, published_at=30)])
    for candle in (again, first, again):
        writer.write([candle])

    assert (known(9), known(10), known(29)) == ([], [first], [first])


def test_of_another_origin_it_was_known_until_the_trades_were_counted(writer: WarmWriter, known: Known) -> None:
    kline = minute(SYMBOL, origin=Origin.EXCHANGE, first_trade_id=None, last_trade_id=None, published_at=10)
    counted = minute(SYMBOL, published_at=20)
    writer.write([kline])
    writer.write([counted])

    assert (known(19), known(20)) == ([kline], [counted])


def test_a_larger_version_of_a_slower_clock_counts_from_its_own_time_on(
    database: Settings, writer: WarmWriter, known: Known
) -> None:
    repaired = minute(SYMBOL, revision=1, published_at=8)
    writer.write([minute(SYMBOL, published_at=10)])
    writer.write([repaired])

    assert (known(7), known(8), known(10)) == ([], [repaired], [repaired])
    assert rows(database) == []


def test_replays_make_no_rows_and_change_no_answer(database: Settings, writer: WarmWriter, known: Known) -> None:
    versions = [minute(SYMBOL, revision=r, trade_count=c, published_at=10 * r + c) for r in (0, 1) for c in (9, 10)]
    writer.write(versions)
    before = [known(moment) for moment in range(30)]
    assert rows(database) == [(0, 9, 9), (0, 10, 10), (1, 9, 19)]

    for later in (0, 1_000, 2_000):
        again = [msgspec.structs.replace(candle, published_at=candle.published_at + later) for candle in versions]
        for candle in (*again, *reversed(again)):
            writer.write([candle])
        writer.write(again)

    assert rows(database) == [(0, 9, 9), (0, 10, 10), (1, 9, 19)]
    assert [known(moment) for moment in range(30)] == before


def test_only_minutes_of_the_range_are_told(writer: WarmWriter, known: Known) -> None:
    writer.write(
        [minute(SYMBOL, n, published_at=1) for n in range(6)] + [minute(SYMBOL, 4, revision=1, published_at=9)]
    )
    found = known(5, first_ms=MIDNIGHT_MS + MINUTE_MS, last_ms=MIDNIGHT_MS + 4 * MINUTE_MS)

    assert found == [minute(SYMBOL, n, published_at=1) for n in (1, 2, 3, 4)]


def test_what_another_writer_stores_meanwhile_stays_known(database: Settings, writer: WarmWriter, known: Known) -> None:
    first, second, third = (minute(SYMBOL, revision=r, published_at=10 * (r + 1)) for r in range(3))
    writer.write([minute(SYMBOL, 1)])  # which makes the month's partitions
    with closing(connect(database)) as other, ThreadPoolExecutor(1) as pool:
        other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for stored, offered in ((first, second), (third, minute(SYMBOL, revision=3, published_at=40))):
            upsert_candles(other, [stored])
            waiting = pool.submit(writer.write, [offered])
            wait_until(lambda: is_anyone_waiting(database))
            other.commit()
            assert waiting.result(10).stored == 1

    assert [known(moment)[0].revision for moment in (10, 20, 30, 40)] == [0, 1, 2, 3]


def is_anyone_waiting(database: Settings) -> bool:
    with closing(connect(database)) as conn:
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return conn.execute(waiting).fetchone() is not None


def test_many_writers_at_once_keep_every_version(database: Settings, known: Known) -> None:
    count = 12
    begin = threading.Barrier(4)

    def write(mine: int) -> None:
        with closing(WarmWriter(database)) as writer:
            begin.wait(10)
            for revision in range(mine, count, 4):
                writer.write([minute(SYMBOL, n, revision=revision, published_at=revision) for n in range(20)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    for moment in range(count):
        assert [candle.revision for candle in known(moment)] == [moment] * 20


def test_of_equal_versions_the_first_one_stays_the_answer_whatever_comes_after(
    writer: WarmWriter, known: Known
) -> None:
    nothing: dict[str, Any] = {"first_trade_id": None, "last_trade_id": None}
    asked = minute(SYMBOL, origin=Origin.EXCHANGE, published_at=20, **nothing)
    archived = minute(SYMBOL, origin=Origin.ARCHIVE, published_at=10, **nothing)
    writer.write([asked])
    writer.write([archived])
    before = [known(moment) for moment in (10, 25)]

    writer.write([minute(SYMBOL, published_at=30)])

    assert before == [known(moment) for moment in (10, 25)] == [[archived], [archived]]
