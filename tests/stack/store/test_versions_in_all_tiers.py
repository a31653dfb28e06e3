"""One comparison, and four forms of it: plain Python, Lua in Redis, SQL in PostgreSQL, and Delta's merge."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from tests.tier_contents import read_cold, read_hot, read_hour, read_warm
from wickstream.candle import Candle, Origin, supersedes
from wickstream.config import Settings
from wickstream.errors import Unpublishable
from wickstream.events import MINUTE_MS
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import HotWriter
from wickstream.store.versions import Written, newest
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

Write = Callable[[Sequence[Candle]], Written]
Read = Callable[[str], list[Candle]]

versions = st.builds(
    lambda **fields: minute(**fields),
    number=st.integers(0, 2),
    revision=st.integers(0, 2),
    closed=st.booleans(),
    trade_count=st.integers(0, 3),
    origin=st.sampled_from(Origin),
    close=st.sampled_from([Decimal("61850.12000000"), Decimal("61850.13000000")]),
)


def kept(candles: Sequence[Candle]) -> list[Candle]:
    """What is left when each takes its place by the plain comparison, in the order of arrival."""
    held: dict[int, Candle] = {}
    for candle in candles:
        other = held.get(candle.open_time)
        if other is None or supersedes(candle, other):
            held[candle.open_time] = candle
    return [held[key] for key in sorted(held)]


@pytest.fixture
def hot(stores: Settings) -> Iterator[HotWriter]:
    with closing(HotWriter(stores)) as writer:
        yield writer


@pytest.fixture
def warm(stores: Settings) -> Iterator[WarmWriter]:
    with closing(WarmWriter(stores)) as writer:
        yield writer


REDIS_7 = pytest.param("hot on Redis 7", marks=pytest.mark.system_program("redis-server"))


@pytest.fixture(params=["hot", REDIS_7, "warm", "cold"])
def tier(request: pytest.FixtureRequest, stores: Settings, hot: HotWriter, warm: WarmWriter) -> tuple[str, Write, Read]:
    """Its name, how to write and how to read all of a symbol."""
    if request.param == "hot":
        return "hot", hot.write, lambda symbol: read_hot(stores, symbol)
    if request.param == "hot on Redis 7":
        on_redis_7: Settings = request.getfixturevalue("redis_7")
        return "hot", HotWriter(on_redis_7).write, lambda symbol: read_hot(on_redis_7, symbol)
    if request.param == "warm":
        return "warm", warm.write, lambda symbol: read_warm(stores, symbol)
    table = ColdCandles(stores)
    return "cold", lambda candles: table.store(candles, {}), lambda symbol: read_cold(stores, symbol)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(versions, min_size=1, max_size=6), min_size=1, max_size=4))
def test_every_tier_keeps_what_the_plain_comparison_keeps(
    tier: tuple[str, Write, Read], batches: list[list[Candle]]
) -> None:
    name, write, read = tier
    symbol = f"H{uuid.uuid4()}"
    named = [[msgspec.structs.replace(candle, symbol=symbol) for candle in batch] for batch in batches]

    for batch in named:
        write(batch)

    offered = [candle for batch in named for candle in batch if candle.closed or name != "cold"]
    assert read(symbol) == kept(offered)


def test_the_same_records_again_shuffled_or_older_change_nothing(tier: tuple[str, Write, Read], symbol: str) -> None:
    _name, write, read = tier
    grown = [minute(symbol, n, trade_count=c, closed=c == 10) for n in range(5) for c in (3, 7, 10)]
    write(grown)
    before = read(symbol)

    for again in (grown, grown[::-1], grown[1::2], grown[:3]):
        assert write(again).stored == 0
    assert read(symbol) == before == [minute(symbol, n) for n in range(5)]


def test_equal_version_and_other_values_are_counted_and_not_stored(tier: tuple[str, Write, Read], symbol: str) -> None:
    _name, write, read = tier
    write([minute(symbol)])

    assert write([minute(symbol, close=Decimal(1))]) == Written(stored=0, older=1, contradicting=1)
    assert write([minute(symbol, published_at=1)]) == Written(stored=0, older=1, contradicting=0)
    assert read(symbol) == [minute(symbol)]


def test_amounts_come_back_to_the_last_digit(tier: tuple[str, Write, Read], symbol: str) -> None:
    _name, write, read = tier
    exact = minute(
        symbol,
        open=Decimal("999999999999.99999999"),
        volume=Decimal("99999999999999999999.99999999"),
        quote_volume=Decimal("9999999999999999999999.9999999999999999"),
        first_trade_id=None,
        last_trade_id=None,
        origin=Origin.EXCHANGE,
    )

    write([exact])

    assert read(symbol) == [exact]


def test_the_hot_tier_keeps_an_hour_before_the_newest_closed_candle(
    stores: Settings, hot: HotWriter, symbol: str
) -> None:
    hot.write([minute(symbol, n) for n in range(100)])

    assert [c.open_time for c in read_hot(stores, symbol)] == [MIDNIGHT_MS + n * MINUTE_MS for n in range(39, 100)]
    assert hot.write([minute(symbol, 0, revision=5)]) == Written(stored=0, older=1)


def test_the_hot_tier_covers_only_an_unbroken_run_of_closed_minutes(
    stores: Settings, hot: HotWriter, symbol: str
) -> None:
    def covered() -> tuple[int | None, int | None]:
        hour = read_hour(stores, symbol)
        return hour.first_ms, hour.newest_ms

    def at(number: int) -> int:
        return MIDNIGHT_MS + number * MINUTE_MS

    assert covered() == (None, None)

    hot.write(
        [minute(symbol, n) for n in (0, 1, 3, 4)] + [minute(symbol, 2, closed=False), minute(symbol, 5, closed=False)]
    )
    assert covered() == (at(3), at(4))

    hot.write([minute(symbol, 2)])
    assert covered() == (at(0), at(4))


def test_a_batch_is_reduced_to_one_candle_a_key_before_it_is_written() -> None:
    rows, written = newest([minute("B", 1), minute("A", 1, closed=False), minute("A", 1), minute("A", 0)])

    assert rows == [minute("A", 0), minute("A", 1), minute("B", 1)]
    assert written == Written(older=1)


def test_new_months_get_their_partitions(stores: Settings, warm: WarmWriter, symbol: str) -> None:
    month = 31 * 1_440
    warm.write([minute(symbol, n * month) for n in range(-2, 3)])

    assert len(read_warm(stores, symbol)) == 5


def test_postgres_refuses_more_trades_than_ids(warm: WarmWriter, symbol: str) -> None:
    with pytest.raises(Unpublishable, match="ids_hold_the_trades"):
        warm.write([minute(symbol, trade_count=11)])
