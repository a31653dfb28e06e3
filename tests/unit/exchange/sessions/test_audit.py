"""Quiet minutes and halts: rule 5."""

import asyncio

from tests.unit.exchange.audit_scene import Scene
from tests.unit.exchange.made_exchange import MIDNIGHT_MS, OTHER, SYMBOL, kline, on_virtual_time, rest, until
from wickstream.events import MINUTE_MS, GapStatus
from wickstream.exchange.recovery.kline_book import GRACE_MS
from wickstream.exchange.sessions.audit import KLINE_PAUSE_CAP_S, KLINES_AT_ONCE


def test_a_quiet_minute_is_decided_by_the_exchange_s_klines_once_they_can_be_there() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.klines_of[SYMBOL] = [kline(n * MINUTE_MS, n % 2) for n in range(9)]
        play.trade(1)
        async with play.auditing():
            for trade_id, minute in ((2, 1), (3, 3)):
                await asyncio.sleep(minute * 60 - play.loop.time())
                play.trade(trade_id)
            assert play.minutes() == [1]
            await asyncio.sleep(GRACE_MS / 1_000 - 0.5)
            assert play.exchange.times_asked("klines") == 0
            await until(lambda: play.minutes() == [2], within_s=5)

        assert play.exchange.times_asked("klines") == 1
        assert play.news > 0

    on_virtual_time(scene)


def test_a_minute_the_exchange_has_no_kline_of_is_told_as_a_halt() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.klines_of[SYMBOL] = [kline(n * MINUTE_MS, 1) for n in (0, 1, 4)]
        for trade_id, minute in ((1, 0), (2, 1), (3, 4), (4, 5)):
            play.trade(trade_id, minute * MINUTE_MS)
        await asyncio.sleep(320)
        async with play.auditing():
            await until(lambda: play.one.minutes.undecided_since() is None, within_s=60)

        halts = play.one.take_gaps(detected_at_ms=7)
        assert [(halt.open_time, halt.status) for halt in halts] == [
            (MIDNIGHT_MS + n * MINUTE_MS, GapStatus.HALTED) for n in (2, 3)
        ]
        assert play.minutes() == [1, 4]

    on_virtual_time(scene)


def test_while_the_exchange_has_no_later_kline_it_is_asked_ever_less_often() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.klines_of[SYMBOL] = [kline(0, 1), kline(MINUTE_MS, 1)]
        for trade_id, minute in ((1, 0), (2, 1), (3, 3)):
            play.trade(trade_id, minute * MINUTE_MS)
        await asyncio.sleep(600)
        async with play.auditing():
            await asyncio.sleep(600)
            asked = play.exchange.times_asked("klines")

        assert 10 <= asked <= 16

    on_virtual_time(scene)


def test_a_trade_after_a_long_halt_has_the_klines_asked_for_at_once() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.klines_of[SYMBOL] = [kline(0, 1), kline(MINUTE_MS, 1)]
        play.trade(1)
        async with play.auditing():
            await asyncio.sleep(60)
            play.trade(2)
            await asyncio.sleep(60)
            play.one.minutes.prove_by_ticker(MIDNIGHT_MS + 20 * MINUTE_MS, next_trade_id=3, is_level=True)
            await asyncio.sleep(1_800 - play.loop.time() + 7)
            play.trade(3)
            play.exchange.klines_of[SYMBOL] += [kline(30 * MINUTE_MS, 1)]
            due_s = 31 * 60 + GRACE_MS / 1_000
            await asyncio.sleep(due_s - play.loop.time() - 0.1)
            asked = play.exchange.times_asked("klines")
            await until(lambda: play.exchange.times_asked("klines") > asked, within_s=2)
            await until(lambda: play.one.minutes.undecided_since() is None, within_s=KLINE_PAUSE_CAP_S + 2)

    on_virtual_time(scene)


def test_of_many_undecided_symbols_some_are_asked_for_at_a_time() -> None:
    async def scene() -> None:
        names = [f"S{number}USDT" for number in range(KLINES_AT_ONCE + 5)]
        play = Scene(*names)
        for name in names:
            play.exchange.klines_of[name] = [kline(n * MINUTE_MS, 1 if n < 2 else 0, name) for n in range(4)]
            for trade_id, minute in ((1, 0), (2, 1), (3, 3)):
                one = play.shard.sequencers[name]
                one.accept(rest(trade_id, minute * MINUTE_MS, name), now_s=play.loop.time())
        await asyncio.sleep(250)
        async with play.auditing():
            await asyncio.sleep(0.9)
            assert play.exchange.times_asked("klines") == KLINES_AT_ONCE
            await until(lambda: play.exchange.times_asked("klines") == len(names), within_s=2)

        assert all(one.minutes.undecided_since() is None for one in play.shard.sequencers.values())

    on_virtual_time(scene)


def test_a_status_poll_proves_quiet_minutes_of_symbols_that_trade() -> None:
    async def scene() -> None:
        play = Scene(SYMBOL, OTHER)
        statuses = {SYMBOL: "TRADING", OTHER: "BREAK", "ELSEUSDT": "TRADING"}
        play.audit.on_poll(statuses, MIDNIGHT_MS + 2 * MINUTE_MS + 5)
        for name in (SYMBOL, OTHER):
            for trade_id, minute in ((1, 0), (2, 1), (3, 3)):
                one = play.shard.sequencers[name]
                one.accept(rest(trade_id, minute * MINUTE_MS, name), now_s=play.loop.time())

        undecided = [one.minutes.undecided_since() for one in play.shard.sequencers.values()]
        assert undecided == [None, MIDNIGHT_MS + 2 * MINUTE_MS]

    on_virtual_time(scene)
