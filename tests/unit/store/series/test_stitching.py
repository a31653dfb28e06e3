"""Whatever the tiers hold, and whichever of them are away: the answer is that of one series."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle, supersedes
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS
from wickstream.rendering import Rendered, rendered
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.plan import Plan, Question, hot_suffices, is_complete, latest_known, plan, windows
from wickstream.store.series.stitching import Found, find

LAST = 24  # the minutes that anybody may hold begin from 0 to here
JUST_ENDED = 2  # minutes that cold is not asked for


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


@dataclass
class FakeTier:
    """A tier that answers from memory, as its readers do, and remembers what it was asked for."""

    held: Sequence[Candle]
    is_away: bool = False
    halted: frozenset[int] = frozenset()
    asked: list[Plan] = field(default_factory=list)

    async def candles(self, _symbol: str, wanted: Plan) -> list[Candle]:
        self._answer_or_raise()
        self.asked.append(wanted)
        found = [candle for candle in self.held if wanted.first_ms <= candle.open_time <= wanted.last_ms]
        return found[-wanted.minutes :] if wanted.backward else found[: wanted.minutes]

    async def halts(self, _symbol: str, wanted: Plan) -> frozenset[int]:
        self._answer_or_raise()
        return frozenset(halt for halt in self.halted if wanted.first_ms <= halt <= wanted.last_ms)

    def _answer_or_raise(self) -> None:
        if self.is_away:
            raise StoreBusy("away")


@dataclass(frozen=True, repr=False)
class World:
    """What lies where.

    `run`: the minutes of the hot hour that are whole; None: Redis is away, and the clock with it.
    """

    hot: Sequence[Candle]
    run: range | None
    warm: Sequence[Candle]
    cold: Sequence[Candle]
    lane: Candle | None
    halts: frozenset[int]
    now_ms: int | None
    away: frozenset[str]

    def __repr__(self) -> str:
        held = {"hot": self.hot, "warm": self.warm, "cold": self.cold}
        shown = {t: [((c.open_time - at(0)) // MINUTE_MS, *c.version) for c in held[t]] for t in held}
        return f"{shown} run={self.run} now={self.now_ms} away={set(self.away)} halts={set(self.halts)} {self.lane=}"

    def hour(self) -> HotHour | None:
        if self.run is None:
            return None
        first, newest = (at(self.run[0]), at(self.run[-1])) if self.run else (None, None)
        rows = [Rendered([rendered(c) for c in self.hot if c.closed == closed]) for closed in (True, False)]
        return HotHour(first, newest, *rows)

    def reachable(self) -> Mapping[str, Sequence[Candle]]:
        held = {"hot": self.hot if self.run is not None else (), "warm": self.warm, "cold": self.cold}
        return {tier: () if tier in self.away else candles for tier, candles in held.items()}


VERSIONS = ((0, True, 10), (0, True, 9), (1, True, 10), (0, False, 10))
MOSTLY = bytes([0] * 8 + [1, 2, 3, 4, 4, 4])  # which version, or none


def kept(draw: st.DrawFn, *, closed_only: bool) -> list[Candle]:
    """Candles in order of time, of several versions."""
    found = []
    for number, byte in enumerate(draw(st.binary(min_size=LAST + 1, max_size=LAST + 1))):
        version = MOSTLY[byte % len(MOSTLY)]
        if version < len(VERSIONS) - closed_only:
            revision, closed, count = VERSIONS[version]
            found.append(minute(number=number, revision=revision, closed=closed, trade_count=count))
    return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    away = frozenset(draw(st.sampled_from([(), (), ("warm",), ("cold",), ("warm", "cold")])))
    redis_is_away = draw(st.booleans())
    begin, end = sorted(draw(st.tuples(st.integers(0, LAST), st.integers(0, LAST))))
    hot = [minute(number=number, revision=number % 2) for number in range(begin, end)]
    hot += [minute(number=end, closed=False, trade_count=3)] if begin < end and draw(st.booleans()) else []
    now = draw(st.integers(LAST, LAST + 3))
    warm, cold = kept(draw, closed_only=False), kept(draw, closed_only=True)
    lane = draw(st.none() | st.just(minute(number=now, closed=False, trade_count=2)))
    traded = {candle.open_time for candle in (*hot, *warm, *cold)}
    halts = frozenset(map(at, draw(st.sets(st.integers(0, LAST), max_size=2)))) - traded
    return World(
        hot=() if redis_is_away else hot,
        run=None if redis_is_away else range(begin, end),
        warm=warm,
        cold=cold,
        lane=None if redis_is_away else lane,
        halts=frozenset() if "warm" in away else halts,
        now_ms=None if redis_is_away else at(now) + 500,
        away=away,
    )


QUESTIONS = st.builds(
    lambda interval, start, end, limit, which: Question("BTCUSDT", interval, start, end, limit, *which),
    st.sampled_from(("1m", "1m", "3m", "5m")),
    st.none() | st.integers(-3, LAST + 3).map(at),
    st.none() | st.integers(-3, LAST + 3).map(at),
    st.integers(1, 12),
    st.sampled_from([(False,), (True,), (True, True)]),
)


def ask(world: World, question: Question, cold: FakeTier | None = None) -> Found:
    warm = FakeTier(world.warm, is_away="warm" in world.away, halted=world.halts)
    cold = cold or FakeTier(world.cold, is_away="cold" in world.away)
    return asyncio.run(
        find(
            question,
            hour=world.hour(),
            forming=world.lane,
            now_ms=world.now_ms,
            warm=warm,
            cold=cold,
        )
    )


def series(world: World, wanted: Plan, *, cold_from: Sequence[Plan]) -> list[Candle]:
    """The model: of each minute the newest version of those who are asked for it."""
    tiers = world.reachable()
    hour = world.hour()
    if hour is not None and hot_suffices(wanted, hour, world.now_ms):
        parts = [tiers["hot"]]
    else:
        asked = [c for c in tiers["cold"] if any(one.first_ms <= c.open_time <= one.last_ms for one in cold_from)]
        parts = [tiers["hot"], tiers["warm"], asked]
    newest: dict[int, Candle] = {}
    for candle in [*(c for part in parts for c in part), *([world.lane] if world.lane else [])]:
        if wanted.first_ms <= candle.open_time <= wanted.last_ms:
            other = newest.setdefault(candle.open_time, candle)
            newest[candle.open_time] = candle if supersedes(candle, other) else other
    return [newest[time] for time in sorted(newest)]


@settings(max_examples=500, deadline=None)
@given(world=worlds(), question=QUESTIONS)
def test_the_answer_is_that_of_one_series_of_the_newest_versions(world: World, question: Question) -> None:
    cold = FakeTier(world.cold, is_away="cold" in world.away)
    wanted = plan(question)
    try:
        found = ask(world, question, cold)
    except StoreBusy:
        assert world.away
        return
    minutes = series(world, wanted, cold_from=cold.asked)
    assert list(found.candles) == windows(question, minutes, world.halts, world.now_ms)
    now_ms = latest_known(minutes) if world.now_ms is None else world.now_ms
    is_whole = is_complete(question, found.candles, minutes, world.halts, now_ms)
    assert found.complete == (is_whole and not found.away)


@settings(max_examples=500, deadline=None)
@given(world=worlds(), question=QUESTIONS)
def test_what_any_tier_has_is_in_the_answer_or_that_tier_is_named(world: World, question: Question) -> None:
    everywhere = Plan(0, 2**60, 1, backward=False)
    until = 2**60 if world.now_ms is None else world.now_ms - (1 + JUST_ENDED) * MINUTE_MS
    wanted = plan(question)
    hour = world.hour()
    if hour is not None and hot_suffices(wanted, hour, world.now_ms):
        until = -1
    cold_from = [Plan(0, until, 1, backward=False)] if until >= 0 else []
    try:
        found = ask(world, question)
    except StoreBusy:
        assert not [c for c in series(world, wanted, cold_from=cold_from) if c is not world.lane]
        return
    whole = World(**{**vars(world), "away": frozenset()})
    best = windows(question, series(whole, wanted, cold_from=cold_from or [everywhere]), world.halts, world.now_ms)
    if not found.away:
        settled = [c.open_time for c in best if c.closed and c.close_time < until]
        missing = set(settled) - {c.open_time for c in found.candles if c.closed}
        assert not missing
    assert set(found.away) <= world.away | ({"hot"} if world.run is None else set())
    assert [c.open_time for c in found.candles] == sorted({c.open_time for c in found.candles})


def tiers(**held: Any) -> World:
    given: dict[str, Any] = {"hot": (), "run": range(0), "warm": (), "cold": (), "lane": None}
    given |= {"halts": frozenset(), "now_ms": at(LAST), "away": frozenset()}
    return World(**(given | held))


def some(*numbers: int) -> list[Candle]:
    return [minute(number=number) for number in numbers]


def asked_of_cold(world: World, **fields: Any) -> list[tuple[int, int]]:
    given: dict[str, Any] = {"interval": "1m", "start": at(0), "end": at(9), "limit": 100, "closed_only": False}
    cold = FakeTier(world.cold)
    ask(world, Question("BTCUSDT", **(given | fields)), cold)
    return [((one.first_ms - at(0)) // MINUTE_MS, (one.last_ms - at(0)) // MINUTE_MS) for one in cold.asked]


@pytest.mark.parametrize(
    ("warm", "asked"),
    [
        (range(10), []),
        ((0, 1, 2, 6, 7, 8, 9), [(3, 5)]),
        ((0, 2, 3, 4, 5, 6, 8, 9), [(1, 7)]),
        ((4, 5, 6, 7, 8, 9), [(0, 3)]),
        ((0, 1, 2), [(3, 9)]),
        ((), [(0, 9)]),
    ],
)
def test_only_what_lacks_is_asked_of_cold(warm: Sequence[int], asked: list[tuple[int, int]]) -> None:
    assert asked_of_cold(tiers(warm=some(*warm))) == asked


def test_what_limit_cuts_off_is_not_asked_for() -> None:
    assert asked_of_cold(tiers(warm=some(0, 5, 6, 7, 8, 9)), start=None, limit=5) == []
    assert asked_of_cold(tiers(warm=some(0, 1, 2, 9)), limit=3) == []


def test_minutes_that_ended_just_now_are_not_asked_of_cold() -> None:
    newest = LAST - 1 - JUST_ENDED
    assert asked_of_cold(tiers(warm=some(*range(newest + 1))), end=None) == []
    assert asked_of_cold(tiers(warm=some(*range(newest))), end=None) == [(newest, newest)]


def test_a_halt_lacks_nothing() -> None:
    assert asked_of_cold(tiers(warm=some(0, 1, *range(3, 10)), halts=frozenset({at(2)}))) == []


def test_a_tier_is_named_only_if_it_may_hold_what_lacks() -> None:
    whole = tiers(warm=some(*range(10)), away=frozenset({"cold"}))
    holed = tiers(warm=some(0, 1, *range(5, 10)), away=frozenset({"cold"}))
    question = Question("BTCUSDT", "1m", at(0), at(9), 100, closed_only=False)
    assert (ask(whole, question).away, ask(whole, question).complete) == ((), True)
    assert (ask(holed, question).away, ask(holed, question).complete) == (("cold",), False)


def opened(*numbers: int) -> list[Candle]:
    return [minute(number=number, closed=False) for number in numbers]


@pytest.mark.parametrize("start", [None, at(0)])
def test_a_tier_that_reaches_further_hides_nothing_of_one_that_was_cut_off(start: int | None) -> None:
    """Three windows are read for one closed one: two of them may be open."""
    question = Question("BTCUSDT", "3m", start, None, 1, closed_only=True)
    if start is None:
        warm, hot, closed = [*some(*range(18)), *opened(*range(18, 25))], some(0, 1, 2), at(15)
    else:
        warm, hot, closed = [*opened(*range(9)), *some(*range(9, 25))], some(21, 22, 23), at(9)
    held = tiers(warm=warm, hot=hot, run=range(hot_number(hot), hot_number(hot) + 3))
    assert [candle.open_time for candle in ask(held, question).candles] == [closed]


def hot_number(hot: Sequence[Candle]) -> int:
    return (hot[0].open_time - at(0)) // MINUTE_MS
