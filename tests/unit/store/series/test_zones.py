"""Windows of other time zones, against a model that rolls up by hand."""

import asyncio
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from tests.unit.store.series.test_stitching import FakeTier, World, at, tiers
from tests.unit.store.series.test_wide import StoredInMemory
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS
from wickstream.store.series.plan import Question
from wickstream.store.series.stitching import Found, find
from wickstream.store.series.wide import find_wide
from wickstream.store.series.zones import Zone, ZonedCold, ZonedMinutes, ZonedWarm

DAY = 1_440
ZONES = st.sampled_from([-12 * 60, -570, -60, 1, 330, 480, 14 * 60])
QUESTIONS = st.builds(
    lambda interval, start, end, limit, which: Question("BTCUSDT", interval, start, end, limit, *which),
    st.sampled_from(("4h", "1d", "3d", "1w", "1M")),
    st.none() | st.integers(-DAY, 4 * DAY).map(at),
    st.none() | st.integers(-DAY, 4 * DAY).map(at),
    st.integers(1, 12),
    st.sampled_from([(False,), (True,), (True, True)]),
)


def a_market() -> World:
    """Three days with a minute in sixty."""
    numbers = range(0, 3 * DAY, 60)
    cold, warm = [minute(number=n) for n in numbers[:40]], [minute(number=n) for n in numbers[30:]]
    lane = minute(number=3 * DAY + 5, closed=False, trade_count=2)
    return replace(tiers(warm=warm, cold=cold, lane=lane), now_ms=at(3 * DAY + 5) + 500, halts=frozenset([at(70)]))


MARKET = a_market()


def one_by_one(question: Question, zone: Zone) -> Found:
    warm = ZonedWarm(FakeTier(MARKET.warm, halted=MARKET.halts), zone.ahead_ms)
    cold = ZonedCold(FakeTier(MARKET.cold), zone.ahead_ms)
    local, now_ms = zone.question(question), zone.now(MARKET.now_ms)
    hour, forming = zone.hour(MARKET.hour()), zone.forming(MARKET.lane)
    return zone.back(asyncio.run(find(local, hour=hour, forming=forming, now_ms=now_ms, warm=warm, cold=cold)))


def in_columns(question: Question, zone: Zone) -> Found:
    local, now_ms = zone.question(question), zone.now(MARKET.now_ms)
    hour, forming = zone.hour(MARKET.hour()), zone.forming(MARKET.lane)
    minutes = ZonedMinutes(StoredInMemory(MARKET), zone.ahead_ms)
    return zone.back(find_wide(local, minutes, hour=hour, forming=forming, now_ms=now_ms))


def by_local_day(zone: Zone) -> dict[int, list[Candle]]:
    """All minutes by the (UTC) time at which their local day began."""
    days: dict[int, list[Candle]] = {}
    held = {c.open_time: c for c in (*MARKET.cold, *MARKET.warm, *([MARKET.lane] if MARKET.lane else []))}
    for time, candle in sorted(held.items()):
        local = time + zone.ahead_ms
        days.setdefault(local - local % (DAY * MINUTE_MS) - zone.ahead_ms, []).append(candle)
    return days


@given(ZONES)
def test_a_day_begins_at_the_zones_midnight(minutes: int) -> None:
    zone = Zone(minutes * MINUTE_MS)
    found = one_by_one(Question("BTCUSDT", "1d", None, None, 100, closed_only=False), zone)
    days = by_local_day(zone)
    assert [candle.open_time for candle in found.candles] == sorted(days)
    for candle in found.candles:
        assert candle.close_time - candle.open_time == DAY * MINUTE_MS - 1
        assert candle.trade_count == sum(part.trade_count for part in days[candle.open_time])


@settings(max_examples=200)
@given(QUESTIONS, ZONES)
def test_columns_give_the_same(question: Question, minutes: int) -> None:
    zone = Zone(minutes * MINUTE_MS)
    told, found = one_by_one(question, zone), in_columns(question, zone)
    assert [(c.open_time, c.trade_count) for c in found.candles] == [(c.open_time, c.trade_count) for c in told.candles]


def test_the_hot_hour_is_seen_by_the_same_clocks() -> None:
    hot = [minute(number=number) for number in range(30)]
    world = replace(tiers(hot=hot), run=range(30))
    hour = Zone(90 * MINUTE_MS).hour(world.hour())
    assert hour is not None
    assert (hour.first_ms, hour.newest_ms) == (at(90), at(119))
    assert [candle.open_time for candle in hour.between(MIDNIGHT_MS, at(91))] == [at(90), at(91)]
