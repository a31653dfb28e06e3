"""The last thousand trades of a symbol, on both servers that the hot tier may be."""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Trade
from wickstream.store.hot.hour import open_async_client
from wickstream.store.lane.last_trades import KEEP, LastTrade, read_trades, render
from wickstream.store.lane.live import Change, Clock, LiveWriter

pytestmark = pytest.mark.stack

CLOCK = Clock(MIDNIGHT_MS, MIDNIGHT_MS, MIDNIGHT_MS)


@pytest.fixture
def server(redis: Settings) -> Settings:
    """Valkey, or Debian's Redis 7."""
    return redis


@pytest.fixture
def symbol() -> str:
    """The test's own: the servers are shared."""
    return f"T{uuid.uuid4().hex[:8].upper()}USDT"


def trade(symbol: str, trade_id: int, *, price: str = "0.00000010") -> Trade:
    return Trade(
        symbol, trade_id, Decimal(price), Decimal("12345678.90000000"), MIDNIGHT_MS + trade_id, buyer_is_maker=True
    )


def write(server: Settings, symbol: str, ids: Sequence[int]) -> None:
    rows = tuple(render(trade(symbol, trade_id)) for trade_id in ids)
    with closing(LiveWriter(server)) as writer:
        writer.write([Change(symbol, None, None, None, rows)], CLOCK)


def read(server: Settings, symbol: str, *, limit: int = KEEP) -> list[LastTrade]:
    async def answer() -> list[LastTrade]:
        async with open_async_client(server) as client:
            return await read_trades(client, symbol, limit=limit)

    return asyncio.run(answer())


def ids(server: Settings, symbol: str, *, limit: int = KEEP) -> list[int]:
    return [row.trade_id for row in read(server, symbol, limit=limit)]


def test_a_trade_comes_back_to_the_last_digit(server: Settings, symbol: str) -> None:
    first_id = 2**53 - 1
    write(server, symbol, [first_id])

    (row,) = read(server, symbol)
    assert row == LastTrade(
        first_id, Decimal("0.00000010"), Decimal("12345678.90000000"), MIDNIGHT_MS + first_id, buyer_is_maker=True
    )
    assert str(row.quantity) == "12345678.90000000"


def test_a_thousand_are_kept_and_the_newest_are_given(server: Settings, symbol: str) -> None:
    write(server, symbol, range(1, 901))
    write(server, symbol, range(901, 1_801))

    assert ids(server, symbol) == list(range(801, 1_801))
    assert ids(server, symbol, limit=3) == [1_798, 1_799, 1_800]


def test_a_symbol_that_was_never_heard_of_has_none(server: Settings, symbol: str) -> None:
    assert read(server, symbol) == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 12)), min_size=1, max_size=6))
def test_what_comes_again_after_a_restart_is_not_doubled(server: Settings, spans: list[tuple[int, int]]) -> None:
    symbol = f"T{uuid.uuid4().hex[:8].upper()}USDT"
    expected: list[int] = []
    for first, size in spans:
        write(server, symbol, range(first, first + size))
        expected += [n for n in range(first, first + size) if n > max(expected, default=0)]

    assert ids(server, symbol) == expected


def test_a_server_that_is_away_is_busy(away: Settings) -> None:
    with pytest.raises(StoreBusy):
        read(away, "BTCUSDT")


@pytest.fixture
def away(redis: Settings) -> Settings:
    """Settings of a Redis that is not there."""
    return redis.model_copy(update={"redis_port": redis.port("spark-blocks")})
