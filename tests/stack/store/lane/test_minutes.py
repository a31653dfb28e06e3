"""What the live lane leaves of minutes that have ended."""

import asyncio
import time
from contextlib import aclosing

import msgspec
import pytest

from tests.sample_market import MIDNIGHT_MS, a_candle
from wickstream.config import Settings
from wickstream.store.hot.hour import open_async_client
from wickstream.store.lane.forming import KEEP_MINUTES, LaneMinute
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.lane.minutes import read_lane_minutes

pytestmark = pytest.mark.stack


def minute(number: int, symbol: str, *, is_whole: bool, trades: int = 10) -> LaneMinute:
    candle = a_candle(number, symbol=symbol, closed=False)
    return LaneMinute(is_whole, msgspec.structs.replace(candle, trade_count=trades))


def leave(settings: Settings, symbol: str, *minutes: LaneMinute) -> None:
    writer = LiveWriter(settings)
    writer.write([Change(symbol, None, None, None, ended=minutes)], Clock(MIDNIGHT_MS, time.time_ns(), None))
    writer.close()


def left(settings: Settings, symbol: str) -> tuple[LaneMinute, ...]:
    async def read() -> tuple[LaneMinute, ...]:
        async with aclosing(open_async_client(settings)) as client:
            return (await read_lane_minutes(client, [symbol]))[symbol]

    return asyncio.run(read())


def test_minutes_come_back_as_they_were_in_order_of_time(stores: Settings, symbol: str) -> None:
    minutes = [minute(number, symbol, is_whole=number > 0) for number in (2, 0, 1)]
    leave(stores, symbol, *minutes)
    assert left(stores, symbol) == (minutes[1], minutes[2], minutes[0])


def test_a_minute_seen_in_part_takes_no_whole_ones_place_but_a_larger_whole_one_does(
    stores: Settings, symbol: str
) -> None:
    whole, part = minute(0, symbol, is_whole=True), minute(0, symbol, is_whole=False, trades=3)
    leave(stores, symbol, part)
    leave(stores, symbol, whole)
    leave(stores, symbol, part)
    assert left(stores, symbol) == (whole,)
    late = minute(0, symbol, is_whole=True, trades=11)
    leave(stores, symbol, late)
    assert left(stores, symbol) == (late,)


def test_only_the_newest_minutes_are_kept(stores: Settings, symbol: str) -> None:
    for number in (0, 1, *range(100, 100 + KEEP_MINUTES), 2):
        leave(stores, symbol, minute(number, symbol, is_whole=True))
    times = [kept.candle.open_time for kept in left(stores, symbol)]
    assert times == [MIDNIGHT_MS + number * 60_000 for number in range(100, 100 + KEEP_MINUTES)]


def test_a_symbol_of_which_nothing_is_known_has_none(stores: Settings) -> None:
    assert left(stores, "NOBODYUSDT") == ()
