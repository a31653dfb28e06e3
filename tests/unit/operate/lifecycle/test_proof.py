"""Whether cold may stand for warm."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import minute
from wickstream.candle import Candle, Origin, supersedes
from wickstream.operate.lifecycle.proof import behind, faults
from wickstream.operate.proof.chain import Ledger
from wickstream.store.series.frames import candles_of, frame_of

ROWS = [minute(number=number) for number in range(5)]


def faults_of(warm: list[Candle], cold: list[Candle], ledger: Ledger | None = None) -> list[str]:
    return [
        fault.what for fault in faults(frame_of(warm), frame_of(cold), ledger or Ledger(absent=(), halts=(), starts=()))
    ]


def test_what_is_the_same_in_both_is_proven() -> None:
    assert candles_of(behind(frame_of(ROWS), frame_of(ROWS))) == []
    assert faults_of(ROWS, ROWS) == []


def test_cold_may_hold_more() -> None:
    assert faults_of(ROWS[1:3], ROWS) == []
    assert faults_of(ROWS[1:3], [*ROWS, minute(number=9)]) == []


def test_what_cold_lacks_is_behind_and_a_fault() -> None:
    assert candles_of(behind(frame_of(ROWS), frame_of(ROWS[:3]))) == ROWS[3:]
    assert len(faults_of(ROWS, ROWS[:3])) == 2


def test_an_open_candle_needs_no_proof() -> None:
    open_candle = minute(number=5, closed=False)
    assert candles_of(behind(frame_of([*ROWS, open_candle]), frame_of(ROWS))) == []
    assert faults_of([*ROWS, open_candle], ROWS) == []


Versions = st.builds(
    lambda revision, count, origin: minute(revision=revision, trade_count=count, origin=origin),
    st.integers(0, 2),
    st.integers(0, 3),
    st.sampled_from(Origin),
)


@given(Versions, Versions)
def test_what_is_behind_is_what_would_be_superseded(warm: Candle, cold: Candle) -> None:
    assert bool(candles_of(behind(frame_of([warm]), frame_of([cold])))) == supersedes(warm, cold)


@pytest.mark.parametrize("field", ["high", "volume", "quote_volume", "taker_buy_volume", "close_time"])
def test_another_value_in_the_same_version_is_a_fault_that_names_it(field: str) -> None:
    other = msgspec.structs.replace(ROWS[2], **{field: getattr(ROWS[2], field) + 1})
    (what,) = faults_of(ROWS, [*ROWS[:2], other, *ROWS[3:]])
    assert field in what


def test_other_ids_in_the_same_version_are_a_fault() -> None:
    other = msgspec.structs.replace(ROWS[4], last_trade_id=2_000)
    assert any("in warm" in what for what in faults_of(ROWS, [*ROWS[:4], other]))


def test_the_values_of_a_larger_version_are_its_own() -> None:
    newer = msgspec.structs.replace(ROWS[2], revision=1, high=ROWS[2].high + 1)
    assert faults_of(ROWS, [*ROWS[:2], newer, *ROWS[3:]]) == []


def test_a_link_that_only_cold_breaks_is_a_fault() -> None:
    newer = msgspec.structs.replace(ROWS[2], revision=1, first_trade_id=900, last_trade_id=909)
    assert any(what.startswith("in cold") for what in faults_of(ROWS, [*ROWS[:2], newer, *ROWS[3:]]))


def test_a_link_that_is_broken_in_both_is_none_of_this_proof() -> None:
    holed = [*ROWS[:2], *ROWS[3:]]
    assert faults_of(holed, holed) == []
