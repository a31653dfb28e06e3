"""Rows of the hot hour as they are, against the same answer made candle by candle."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS
from wickstream.rendering import Rendered, rendered
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.hot_path import from_hot
from wickstream.store.series.plan import Question, hot_suffices, is_complete, plan, stitch, windows
from wickstream.store.series.stitching import tiers_in

FIRST, NEWEST = 10, 30  # of the unbroken run, in minutes after midnight
MINUTES = st.integers(-5, 40)


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


@st.composite
def rows(draw: st.DrawFn) -> list[Candle]:
    """What the hot tier holds: the run, some open or closed ones before it, and open ones behind it."""
    before = [minute(number=number, closed=draw(st.booleans())) for number in range(FIRST - 3, FIRST - 1)]
    run = [minute(number=number) for number in range(FIRST, NEWEST + 1)]
    behind = [minute(number=NEWEST + 1 + i, closed=False) for i in range(draw(st.integers(0, 2)))]
    return [*before, *run, *behind]


QUESTIONS = st.builds(
    lambda start, end, limit, which: Question("BTCUSDT", "1m", start, end, limit, *which),
    st.none() | MINUTES.map(at),
    st.none() | MINUTES.map(at),
    st.integers(1, 50),
    st.sampled_from([(False,), (True,), (True, True)]),
)
FORMING = st.none() | st.builds(
    lambda number, count: minute(
        number=number, closed=False, trade_count=count, last_trade_id=None, first_trade_id=None
    ),
    st.integers(NEWEST - 1, NEWEST + 3),
    st.integers(1, 20),
)


@settings(max_examples=400)
@given(
    held=rows(),
    question=QUESTIONS,
    forming=FORMING,
    now=st.integers(NEWEST, NEWEST + 3),
    late_ms=st.integers(0, 59_999),
)
def test_rows_as_they_are_answer_as_candles_would(
    held: list[Candle], question: Question, forming: Candle | None, now: int, late_ms: int
) -> None:
    wanted, now_ms = plan(question), at(now) + late_ms
    closed, opened = ([candle for candle in held if candle.closed == is_closed] for is_closed in (True, False))
    asked = [candle for candle in held if wanted.first_ms <= candle.open_time <= wanted.last_ms]
    hour = HotHour(at(FIRST), at(NEWEST), *(Rendered(list(map(rendered, rows))) for rows in (closed, opened)))
    if not hot_suffices(wanted, hour, now_ms):
        return
    found = from_hot(question, wanted, hour, forming, now_ms)
    parts: dict[str, Any] = {"hot": asked, "lane": [forming] if forming else []}
    # All of them: open ones may take the place of closed ones, and then more is read.
    minutes = stitch(replace(wanted, minutes=len(held) + 1), *parts.values())
    answer = windows(question, minutes, frozenset(), now_ms)
    assert list(found.candles) == answer
    assert found.complete == is_complete(question, answer, minutes, frozenset(), now_ms)
    assert found.tiers == tiers_in(answer, parts)
