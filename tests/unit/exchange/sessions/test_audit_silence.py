"""Symbols that say nothing, and the exchange's clock: rules 11 and 12."""

import asyncio

import pytest

from tests.unit.exchange.audit_scene import Scene
from tests.unit.exchange.made_exchange import (
    MIDNIGHT_MS,
    OTHER,
    SYMBOL,
    on_virtual_time,
    rest,
    ticker_frame,
    trade_frame,
    until,
)
from wickstream.errors import FeedLost
from wickstream.events import MINUTE_MS, Author, SymbolEvent
from wickstream.exchange.sequencing.holes import HoldingRoom
from wickstream.exchange.sequencing.sequencer import Sequencer
from wickstream.exchange.sessions.audit import CLOCK_POLL_S, SILENT_S
from wickstream.exchange.sessions.tail import SILENT

# Symbols that say nothing


def test_what_silent_tickers_would_say_is_asked_of_rest() -> None:
    async def scene() -> None:
        play = Scene(SYMBOL, OTHER)
        play.exchange.trades = {SYMBOL: [rest(4)], OTHER: []}
        play.trade(1)
        async with play.auditing():
            while play.now_ms < 2.2 * SILENT_S * 1_000:
                play.bring(ticker_frame(0, play.now_ms, OTHER))
                await asyncio.sleep(1)

        assert [symbols for path, symbols in play.exchange.asked if path == "ticker/24hr"] == [SYMBOL]
        (hole,) = play.shard.holes
        assert (hole.symbol, hole.first, hole.last) == (SYMBOL, 2, 4)

    on_virtual_time(scene)


def test_a_symbol_that_says_nothing_is_told_of_with_where_a_restart_goes_on() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.trades[SYMBOL] = [rest(0)]
        async with play.auditing():
            await until(lambda: play.exchange.times_asked("ticker/24hr") == 1)
            await asyncio.sleep(1)

        *_, event = play.events()
        assert event == SymbolEvent(SYMBOL, Author.CONNECTOR, SILENT, event.since, chosen=True, next_trade_id=1)
        assert MIDNIGHT_MS + SILENT_S * 1_000 < event.since <= MIDNIGHT_MS + play.now_ms

    on_virtual_time(scene)


@pytest.mark.parametrize("holds_trades", [False, True])
def test_of_a_long_undecided_symbol_is_told_unless_a_restart_would_lose_the_proof_of_trades(
    *, holds_trades: bool
) -> None:
    async def scene() -> None:
        play = Scene()
        trades = [(1, 0), (2, 1), (3, 3)] if holds_trades else [(1, 0), (2, 1)]
        for trade_id, minute in trades:
            play.trade(trade_id, minute * MINUTE_MS)
        await asyncio.sleep(240)
        async with play.auditing():
            for _ in range(20):
                play.bring(ticker_frame(len(trades), 3 * MINUTE_MS + 2_500))
                await asyncio.sleep(10)

        assert {event.next_trade_id for event in play.events()} == (set() if holds_trades else {3})

    on_virtual_time(scene)


def test_a_restart_by_what_was_told_of_it_still_asks_about_the_minutes_nobody_had_decided() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.failure = FeedLost("no klines yet")
        play.bring(ticker_frame(0, 0))
        await asyncio.sleep(240)
        play.bring(ticker_frame(0, 3 * MINUTE_MS + 2_500))
        async with play.auditing():
            await asyncio.sleep(1)

        (event,) = play.events()
        heir = Sequencer(SYMBOL, HoldingRoom(0))
        heir.resume(None, [], now_s=0.0, next_id=event.next_trade_id, known_at_ms=event.since, is_silent=True)
        heir.audit(0, closed_at_ms=MIDNIGHT_MS + 5 * MINUTE_MS + 2_500, now_s=0.0)
        assert heir.minutes.undecided_since() == MIDNIGHT_MS + MINUTE_MS

    on_virtual_time(scene)


def test_a_symbol_that_has_not_begun_yet_is_not_told_of() -> None:
    async def scene() -> None:
        play = Scene()
        play.shard.add(SYMBOL)
        async with play.auditing():
            await asyncio.sleep(5 * SILENT_S)

        assert play.events() == []

    on_virtual_time(scene)


# The clock


def test_the_exchange_is_asked_for_its_time_when_nothing_has_told_it_for_a_while() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.starts_ms = 300
        async with play.auditing():
            for trade_id in range(1, 10):
                await asyncio.sleep(1)
                play.bring(trade_frame(trade_id, play.now_ms + 1))
            assert play.exchange.times_asked("time") == 0
            await asyncio.sleep(CLOCK_POLL_S + 2)
            assert play.exchange.times_asked("time") == 1

        assert abs(play.clock.now_ms(now_s=play.loop.time()) - play.exchange.now_ms) <= 20

    on_virtual_time(scene)


def test_a_time_that_does_not_fit_has_the_exchange_asked_for_its_own_at_once() -> None:
    async def scene() -> None:
        play = Scene()
        async with play.auditing():
            play.bring(trade_frame(1, play.now_ms + 60_000))
            await until(lambda: play.exchange.times_asked("time") == 1, within_s=1.5)
            await asyncio.sleep(5)

        assert play.exchange.times_asked("time") == 1
        assert not play.shard.is_clock_suspect

    on_virtual_time(scene)


def test_one_question_that_fails_does_not_stop_the_others() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.failure = FeedLost("no answer")
        async with play.auditing():
            await asyncio.sleep(3 * SILENT_S)
            play.exchange.failure = None
            await asyncio.sleep(2)

        assert {path for path, _ in play.exchange.asked} >= {"time", "ticker/24hr"}
        assert play.clock.age_s(now_s=play.loop.time()) < CLOCK_POLL_S

    on_virtual_time(scene)
