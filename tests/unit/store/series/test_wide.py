"""Many minutes in columns, a piece at a time, against the same answer made candle by candle."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from tests.unit.store.series.test_stitching import QUESTIONS, World, ask, worlds
from wickstream.errors import StoreBusy, TooMuch
from wickstream.events import MINUTE_MS
from wickstream.store.hot.hour import NOTHING
from wickstream.store.series.frames import candles_of, frame_of
from wickstream.store.series.plan import FAR_MS, Question, hot_suffices, plan
from wickstream.store.series.ranges import Span, Stored, lacking, settled
from wickstream.store.series.wide import MOST_MINUTES, find_wide


class StoredInMemory:
    """Warm and cold, asked as `RangeReader` asks them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._trouble = {tier: StoreBusy(tier) for tier in sorted(world.away)}

    def stored(self, _symbol: str, first_ms: int, last_ms: int, *, until_ms: int) -> Stored:
        held, trouble = self._world.reachable(), {}
        parts = {}
        halts = frozenset(halt for halt in self._world.halts if first_ms <= halt <= last_ms)
        if "warm" in self._trouble:
            trouble["warm"] = self._trouble["warm"]
        else:
            parts["warm"] = frame_of([c for c in held["warm"] if first_ms <= c.open_time <= last_ms])
        span = lacking(settled(parts, halts), first_ms, min(last_ms, until_ms))
        if span and "cold" in self._trouble:
            trouble["cold"] = self._trouble["cold"]
        elif span:
            parts["cold"] = frame_of([c for c in held["cold"] if span[0] <= c.open_time <= span[1]])
        return Stored(parts, halts, trouble)

    def span(self, _symbol: str) -> Span:
        held = self._world.reachable()
        times = [c.open_time for tier in ("warm", "cold") for c in held[tier]]
        return Span((min(times), max(*times, *self._world.halts, 0)) if times else None, self._trouble)


@settings(max_examples=500, deadline=None)
@given(world=worlds(), question=QUESTIONS, piece_minutes=st.integers(1, 30))
def test_the_answer_is_the_same_whatever_the_pieces(world: World, question: Question, piece_minutes: int) -> None:
    wanted = plan(question)
    hour = world.hour()
    if hour is not None and hot_suffices(wanted, hour, world.now_ms):
        return  # which is answered from there
    try:
        one_by_one = ask(world, question)
    except StoreBusy:
        return
    found = find_wide(
        question,
        StoredInMemory(world),
        hour=hour,
        forming=world.lane,
        now_ms=world.now_ms,
        piece_minutes=piece_minutes,
    )
    assert [(c.open_time, c.closed) for c in found.candles] == [(c.open_time, c.closed) for c in one_by_one.candles]
    if not world.away and world.run is not None:
        assert found.complete == one_by_one.complete
    assert not (found.away and found.complete)


def years(count: int) -> World:
    newest = count * 365 * 1_440
    held = [minute(number=0), minute(number=newest)]
    return World((), range(0), held, (), None, frozenset(), held[-1].close_time + 1, frozenset())


def test_only_what_is_there_counts_against_the_bound() -> None:
    question = Question("BTCUSDT", "1M", None, None, 1_000, closed_only=False)
    found = find_wide(question, StoredInMemory(years(1)), hour=NOTHING, forming=None, now_ms=FAR_MS)
    assert len(found.candles) == 2


def test_what_would_take_too_long_is_refused_with_what_to_ask_instead() -> None:
    world = years(11)
    question = Question("BTCUSDT", "1M", MIDNIGHT_MS, None, 500, closed_only=False)
    with pytest.raises(TooMuch, match=f"ask for {MOST_MINUTES // (31 * 1_440)} at a time"):
        find_wide(question, StoredInMemory(world), hour=NOTHING, forming=None, now_ms=FAR_MS)


def test_a_roll_up_over_many_pieces_is_that_of_all_minutes() -> None:
    held = [minute(number=number) for number in range(2_000)]
    world = World((), range(0), held[:900], held[900:], None, frozenset(), FAR_MS, frozenset())
    question = Question("BTCUSDT", "1h", None, MIDNIGHT_MS + 1_999 * MINUTE_MS, 20, closed_only=False)
    found = find_wide(question, StoredInMemory(world), hour=NOTHING, forming=None, now_ms=FAR_MS, piece_minutes=61)
    assert [c.trade_count for c in found.candles] == [600] * 19 + [200]
    assert candles_of(frame_of(found.candles)) == list(found.candles)
