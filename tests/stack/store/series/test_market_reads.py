"""The whole market out of the real stores, with each of them there and away."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import closing
from decimal import Decimal
from typing import TypeVar

import msgspec
import pytest

from tests.candles import MIDNIGHT_MS, minute
from tests.conftest import free_port_base, new_database
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, SymbolEvent, Ticker, Trade
from wickstream.store.hot.hour import HotWriter, open_client
from wickstream.store.lane.live import SYMBOLS_KEY, Change, Clock, LiveWriter
from wickstream.store.lane.pulse import Pulse
from wickstream.store.series.market_reads import MarketReader
from wickstream.store.series.router import Router
from wickstream.store.series.turnover import Basis
from wickstream.store.warm.database import connect
from wickstream.store.warm.gaps import upsert_gaps
from wickstream.store.warm.symbol_events import upsert_symbol_events
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

Result = TypeVar("Result")

NOW = MIDNIGHT_MS + 100 * MINUTE_MS + 30_000
FORMING = 100  # the minute of now


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


@pytest.fixture
def market(stores: Settings) -> Settings:
    """A replay, whose clock stands, of three symbols that no other test has, in a Redis that has heard of no other."""
    with closing(open_client(stores)) as client:
        client.delete(SYMBOLS_KEY)
    own = tuple(f"{letter}{uuid.uuid4().hex[:8].upper()}USDT" for letter in "ABC")
    return stores.model_copy(update={"source": "replay:0123456789ab", "ticker_symbols": own})


def read(settings: Settings, question: Callable[[MarketReader], Awaitable[Result]]) -> Result:
    async def ask() -> Result:
        async with Router(settings) as router:
            return await question(router.market)

    return asyncio.run(ask())


def a_ticker(symbol: str, sent_at_ms: int) -> Ticker:
    amounts = dict.fromkeys(Ticker.__struct_fields__[6:], Decimal(7))
    return Ticker(symbol, sent_at_ms, sent_at_ms, 1, 2, 600, **amounts)


def say(settings: Settings, symbol: str, *, heard_at_ms: int, traded_at_ms: int, forming: Candle | None = None) -> None:
    """What the live lane writes of a symbol."""
    trade = Trade(symbol, 5_000, Decimal(8), Decimal(1), traded_at_ms, buyer_is_maker=False)
    writer = LiveWriter(settings)
    writer.write([Change(symbol, a_ticker(symbol, heard_at_ms), trade, forming)], Clock(NOW, NOW, NOW - 5))
    writer.close()


def tell(settings: Settings, symbol: str, status: str, *, chosen: bool) -> None:
    """What the exchange says of a symbol."""
    with connect(settings) as conn:
        upsert_symbol_events(conn, [SymbolEvent(symbol, Author.EXCHANGE, status, NOW, chosen=chosen)])


def into_warm(settings: Settings, candles: list[Candle]) -> None:
    writer = WarmWriter(settings)
    writer.write(candles)
    writer.close()


def into_hot(settings: Settings, candles: list[Candle]) -> None:
    writer = HotWriter(settings)
    writer.write(candles)
    writer.close()


def without_redis(settings: Settings) -> Settings:
    return settings.model_copy(update={"redis_port": free_port_base()})


def without_postgres(settings: Settings) -> Settings:
    return settings.model_copy(update={"postgres_port": free_port_base()})


@pytest.fixture
def heard(market: Settings) -> Settings:
    """The first symbol trades, the second is quiet, the third is silent and then halted."""
    first, second, third = market.ticker_symbols
    say(market, first, heard_at_ms=NOW, traded_at_ms=NOW)
    say(market, second, heard_at_ms=NOW - 900, traded_at_ms=NOW - 61_000)
    say(market, third, heard_at_ms=NOW - 3_001, traded_at_ms=NOW - 3_001)
    return market


def pulses(settings: Settings) -> list[Pulse | None]:
    return [row.pulse for row in read(settings, lambda reader: reader.vitals()).rows]


def test_a_symbol_is_ok_quiet_or_silent_by_the_clock_of_the_exchange(heard: Settings) -> None:
    vitals = read(heard, lambda reader: reader.vitals())
    assert [row.pulse for row in vitals.rows] == [Pulse.OK, Pulse.QUIET, Pulse.SILENT]
    assert [row.age_ms for row in vitals.rows] == [0, 900, 3_001]
    assert (vitals.sources[1:], vitals.away, vitals.moment.as_of_ms) == (("lane", "warm"), (), NOW - 5)


def test_what_the_exchange_does_not_trade_is_halted_and_not_silent(heard: Settings) -> None:
    tell(heard, heard.ticker_symbols[2], "HALT", chosen=True)
    assert pulses(heard) == [Pulse.OK, Pulse.QUIET, Pulse.HALTED]


def test_what_is_not_followed_any_more_is_not_missed(heard: Settings) -> None:
    tell(heard, heard.ticker_symbols[2], "TRADING", chosen=False)
    assert pulses(heard) == [Pulse.OK, Pulse.QUIET]


def test_what_a_rule_chose_is_silent_before_it_was_ever_heard_of(heard: Settings) -> None:
    tell(heard, "ZNEVERHEARDUSDT", "TRADING", chosen=True)
    assert pulses(heard)[-1] is Pulse.SILENT


def test_without_redis_only_halts_can_be_told(heard: Settings) -> None:
    tell(heard, heard.ticker_symbols[2], "BREAK", chosen=True)
    assert pulses(without_redis(heard)) == [None, None, Pulse.HALTED]
    assert read(without_redis(heard), lambda reader: reader.vitals()).away == ("hot",)


def test_without_postgresql_all_but_halts_can_be_told(heard: Settings) -> None:
    tell(heard, heard.ticker_symbols[2], "BREAK", chosen=True)
    assert pulses(without_postgres(heard)) == [Pulse.OK, Pulse.QUIET, Pulse.SILENT]
    assert read(without_postgres(heard), lambda reader: reader.vitals()).away == ("warm",)


def test_without_both_nobody_answers(heard: Settings) -> None:
    lame = without_redis(without_postgres(heard))
    for question in (MarketReader.vitals, MarketReader.day, MarketReader.hour):
        with pytest.raises(StoreBusy, match=r"Redis: .*; PostgreSQL: "):
            read(lame, question)


def test_a_day_is_what_the_tickers_say(heard: Settings) -> None:
    day = read(heard, lambda reader: reader.day())
    assert [(row.symbol, row.quote_volume, row.trade_count) for row in day.rows] == [
        (symbol, Decimal(7), 600) for symbol in heard.ticker_symbols
    ]
    assert (day.basis, day.complete, day.rows[0].last_price) == (Basis.TICKERS, True, Decimal(8))


def test_without_redis_a_day_is_added_up_from_candles(market: Settings) -> None:
    first, second, _ = market.ticker_symbols
    day = [minute(first, n, open=Decimal(100), close=Decimal(150)) for n in range(-1_400, 41)]
    into_warm(market, [*day, minute(second, 7), minute(second, -2_000)])
    found = read(without_redis(market), lambda reader: reader.day())

    assert [(row.symbol, row.trade_count) for row in found.rows] == [(first, 14_400), (second, 10)]
    assert found.rows[0].quote_volume == 1_440 * day[0].quote_volume
    assert found.rows[0].change_pct == Decimal("50.000")
    assert (found.basis, found.complete, found.away) == (Basis.CANDLES, False, ("hot",))


def filled_hour(settings: Settings, symbol: str) -> Candle:
    """In Redis: sixty closed minutes before the one of now, which the lane tells of."""
    into_hot(settings, [minute(symbol, n) for n in range(FORMING - 60, FORMING)])
    forming = minute(symbol, FORMING, closed=False, trade_count=3)
    say(settings, symbol, heard_at_ms=NOW, traded_at_ms=NOW, forming=forming)
    return forming


def test_the_last_hour_is_sixty_minutes_with_the_forming_one(market: Settings) -> None:
    one = market.model_copy(update={"ticker_symbols": market.ticker_symbols[:1]})
    forming = filled_hour(one, one.ticker_symbols[0])
    found = read(one, lambda reader: reader.hour())

    assert [row.trade_count for row in found.rows] == [59 * 10 + 3]
    assert found.rows[0].quote_volume == 60 * forming.quote_volume
    assert (found.complete, found.sources[1:], found.basis) == (True, ("hot", "lane"), Basis.CANDLES)


def test_what_the_hot_hour_lacks_comes_from_postgresql(market: Settings) -> None:
    first, second, third = market.ticker_symbols
    filled_hour(market, first)
    into_hot(market, [minute(second, n) for n in range(80, FORMING)])
    halted = [Gap(third, None, None, at(n), NOW, GapStatus.HALTED) for n in range(41, 99)]
    into_warm(market, [minute(second, n) for n in range(30, FORMING)] + [minute(third, 99)])
    with connect(market) as conn:
        upsert_gaps(conn, halted)
    found = read(market, lambda reader: reader.hour())

    assert [(row.symbol, row.trade_count) for row in found.rows] == [(first, 593), (second, 590), (third, 10)]
    assert (found.complete, found.sources[1:]) == (True, ("hot", "warm", "lane"))


def test_an_hour_with_a_hole_is_not_complete(market: Settings) -> None:
    first = market.ticker_symbols[0]
    filled_hour(market, first)
    into_warm(market, [minute(market.ticker_symbols[1], n) for n in range(41, 99)])
    found = read(market, lambda reader: reader.hour())
    assert ([row.trade_count for row in found.rows], found.complete) == ([593, 580], False)


def test_without_redis_the_hour_ends_behind_the_newest_closed_candle(market: Settings) -> None:
    into_warm(market, [minute(symbol, n) for symbol in market.ticker_symbols for n in range(20, FORMING)])
    found = read(without_redis(market), lambda reader: reader.hour())
    assert [row.trade_count for row in found.rows] == [590] * 3
    assert (found.complete, found.away, found.sources[1:]) == (False, ("hot",), ("warm",))


def test_of_two_versions_of_a_minute_the_newer_one_counts(market: Settings) -> None:
    first = market.ticker_symbols[0]
    one = market.model_copy(update={"ticker_symbols": (first,)})
    filled_hour(one, first)
    revised = msgspec.structs.replace(minute(first, 90), revision=1, trade_count=25)
    into_hot(one, [revised])
    assert read(one, lambda reader: reader.hour()).rows[0].trade_count == 593 + 15


def test_before_there_are_tables_the_store_is_busy(market: Settings) -> None:
    with new_database(without_redis(market)) as bare, pytest.raises(StoreBusy, match="does not exist"):
        read(bare, lambda reader: reader.vitals())
