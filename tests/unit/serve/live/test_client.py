"""`wickstream.live` against a served hub."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Any, cast

import pytest

import wickstream
from tests.alerts import whale
from tests.running import wait_until
from tests.sample_market import MIDNIGHT_MS
from tests.scripted_source import ScriptedSource, ticker_frame, trade_frame
from tests.unit.serve.fake_tiers import NEWEST_ID
from wickstream.binance.frames import parse_ticker, parse_trade
from wickstream.bus.codec import encode
from wickstream.candle import Candle
from wickstream.errors import Mistake
from wickstream.events import Trade
from wickstream.serve.live.client import Listening
from wickstream.serve.live.client_events import Event
from wickstream.serve.live.feed import Kind

Act = Callable[[], object]


async def heard(events: AsyncIterator[Event], source: ScriptedSource, *steps: tuple[Act, int]) -> list[Event]:
    """After each act, so many events."""
    found: list[Event] = []
    async with aclosing(cast(Any, events)) as listening, asyncio.timeout(20):
        for act, count in steps:
            first = asyncio.ensure_future(anext(listening)) if count else None
            await _until_subscribed(source)
            await asyncio.to_thread(act)
            if first:
                found += [await first, *[await anext(listening) for _ in range(count - 1)]]
    return found


async def _until_subscribed(source: ScriptedSource) -> None:
    names = ("solousdt@trade", "solousdt@ticker")
    while not (source.live and any(map(source.live.hub.listens_to, names))):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


def trades(*ids: int) -> list[Trade]:
    return [parse_trade(trade_frame(number, "SOLOUSDT")) for number in ids]


def kept(*ids: int) -> Callable[[str, int, int], Awaitable[Sequence[Trade]]]:
    """A server that has these."""

    async def fetch(_: str, first: int, count: int) -> Sequence[Trade]:
        return [trade for trade in trades(*ids) if trade.trade_id >= first][:count]

    return fetch


def give_trades(source: ScriptedSource, *ids: int) -> Act:
    return lambda: source.give(Kind.TRADE, *(trade_frame(number, "SOLOUSDT") for number in ids))


def break_off(source: ScriptedSource) -> None:
    """Every connection ends, and what comes then is heard by nobody."""
    live, loop = source.live, source.loop
    assert live
    assert loop
    for connection in list(live.sockets):
        loop.call_soon_threadsafe(cast(Any, connection).shutdown)
    wait_until(lambda: not live.sockets)


@pytest.fixture
def url(live_address: str) -> str:
    return live_address.replace("ws://", "http://")


def listening(url: str, *ids: int, after: int | None = None) -> AsyncIterator[Event]:
    known = {} if after is None else {"SOLOUSDT": after}
    return Listening(url, ["solousdt@trade"], key=None, after=known, fetch=kept(*ids)).events()


def test_trades_missed_while_the_connection_was_broken_come_by_id(source: ScriptedSource, url: str) -> None:
    steps = ((give_trades(source, 1, 2), 2), (lambda: break_off(source), 0), (give_trades(source, 6), 4))
    events = asyncio.run(heard(listening(url, *range(1, 6)), source, *steps))
    assert events == trades(1, 2, 3, 4, 5, 6)


def test_it_goes_on_behind_the_id_that_one_has(source: ScriptedSource, url: str) -> None:
    events = asyncio.run(heard(listening(url, *range(5, 2_600), after=4), source, (give_trades(source, 2_600), 2_596)))
    assert events == trades(*range(5, 2_601))


def test_ids_that_the_exchange_never_had_are_left_out(source: ScriptedSource, url: str) -> None:
    events = asyncio.run(heard(listening(url, 2_701, 2_704, after=2_700), source, (give_trades(source, 2_705), 3)))
    assert events == trades(2_701, 2_704, 2_705)


def test_everything_is_told_in_our_own_records(source: ScriptedSource, url: str) -> None:
    def act() -> None:
        source.give(Kind.TICKER, ticker_frame(symbol="SOLOUSDT"))
        source.give(Kind.ALERT, encode(whale(501, symbol="SOLOUSDT")))

    found = asyncio.run(heard(wickstream.live("SOLOUSDT", tickers=True, alerts=True, url=url), source, (act, 2)))
    assert found == [parse_ticker(ticker_frame(symbol="SOLOUSDT")), whale(501, symbol="SOLOUSDT")]


def test_a_kline_is_a_candle(url: str) -> None:
    async def first() -> Event:
        async with aclosing(cast(Any, wickstream.live("BTCUSDT", klines=["1m"], url=url))) as events:
            event: Event = await anext(events)
            return event

    candle = asyncio.run(first())
    assert isinstance(candle, Candle)
    assert (candle.open_time, candle.close, candle.closed) == (MIDNIGHT_MS + 120_000, Decimal("102.5"), False)
    assert (candle.first_trade_id, candle.last_trade_id) == (21, 30)


def test_nothing_to_listen_to_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="nothing to listen to"):
        wickstream.live("BTCUSDT")
    with pytest.raises(Mistake, match="no interval 7m"):
        wickstream.live("BTCUSDT", klines=["7m"])


def test_a_server_that_refuses_is_a_mistake_that_says_why(url: str) -> None:
    async def first() -> None:
        await anext(wickstream.live("BTCUSDT", trades=True, url=f"{url}/elsewhere"))

    with pytest.raises(Mistake, match=r"live push is refused \(404\): no WebSocket is served at /elsewhere/stream"):
        asyncio.run(first())


def test_what_was_missed_is_read_where_clients_of_the_exchange_read_it(source: ScriptedSource, url: str) -> None:
    async def first(count: int) -> list[Event]:
        events = wickstream.live("BTCUSDT", trades=True, url=url, after={"BTCUSDT": NEWEST_ID - 1_200})
        async with aclosing(cast(Any, events)) as listening:
            begun = asyncio.ensure_future(anext(listening))
            live = source.live
            assert live
            while not live.hub.listens_to("btcusdt@trade"):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
            await asyncio.to_thread(source.give, Kind.TRADE, trade_frame(NEWEST_ID + 1_000_000))
            return [await begun, *[await anext(listening) for _ in range(count - 1)]]

    found = [event for event in asyncio.run(first(1_200)) if isinstance(event, Trade)]
    assert [trade.trade_id for trade in found] == list(range(NEWEST_ID - 1_199, NEWEST_ID + 1))
