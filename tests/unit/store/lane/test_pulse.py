"""Who is ok, quiet, silent or halted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS
from wickstream.store.lane.pulse import QUIET_AFTER_MS, SILENT_AFTER_MS, TRADING, Pulse, pulse_of

NOW = MIDNIGHT_MS
times = st.none() | st.integers(NOW - 10 * QUIET_AFTER_MS, NOW)
words = st.none() | st.sampled_from([*sorted(TRADING), "HALT", "BREAK", "delisted"])


@pytest.mark.parametrize(
    ("heard_ago", "traded_ago", "pulse"),
    [
        (0, 0, Pulse.OK),
        (3_000, 60_000, Pulse.OK),
        (3_000, 60_001, Pulse.QUIET),
        (0, None, Pulse.QUIET),
        (3_001, 3_001, Pulse.SILENT),
        (None, None, Pulse.SILENT),
    ],
)
def test_the_limits_are_three_seconds_and_a_minute(heard_ago: int | None, traded_ago: int | None, pulse: Pulse) -> None:
    heard, traded = (None if ago is None else NOW - ago for ago in (heard_ago, traded_ago))
    assert pulse_of(word="TRADING", heard_at_ms=heard, traded_at_ms=traded, now_ms=NOW) is pulse


@given(words, times, times, st.none() | st.just(NOW))
def test_the_exchange_is_believed_before_anything_that_was_heard(
    word: str | None, heard: int | None, traded: int | None, now: int | None
) -> None:
    pulse = pulse_of(word=word, heard_at_ms=heard, traded_at_ms=traded, now_ms=now)
    assert (pulse is Pulse.HALTED) == (word is not None and word not in TRADING)


@given(times, times, st.integers(0, SILENT_AFTER_MS))
def test_who_is_heard_of_later_is_never_worse(heard: int | None, traded: int | None, later: int) -> None:
    """At the same moment; and where the clock stands still, nothing changes by waiting."""
    worse = [Pulse.OK, Pulse.QUIET, Pulse.SILENT]
    before = pulse_of(word=None, heard_at_ms=heard, traded_at_ms=traded, now_ms=NOW)
    after = pulse_of(word=None, heard_at_ms=NOW - later, traded_at_ms=traded, now_ms=NOW)
    assert worse.index(after) <= worse.index(before)
    assert after is not Pulse.SILENT


def test_where_no_clock_was_heard_everything_is_silent() -> None:
    assert pulse_of(word=None, heard_at_ms=None, traded_at_ms=None, now_ms=None) is Pulse.SILENT
