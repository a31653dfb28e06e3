"""The live lane's minutes beside those that are kept, against a count by hand."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.events import MINUTE_MS
from wickstream.store.lane.agreement import compare
from wickstream.store.lane.forming import LaneMinute

CASES = st.lists(
    st.fixed_dictionaries({name: st.booleans() for name in ("whole", "closed", "same")}), min_size=0, max_size=10
)


@given(CASES)
def test_only_what_both_saw_whole_is_compared_and_each_difference_is_told(cases: list[dict[str, bool]]) -> None:
    lane, kept = [], {}
    for number, case in enumerate(cases):
        candle = minute(number=number)
        lane.append(LaneMinute(case["whole"], msgspec.structs.replace(candle, closed=False)))
        if case["closed"]:
            volume = candle.volume + (0 if case["same"] else Decimal("0.00000001"))
            kept[candle.open_time] = msgspec.structs.replace(candle, volume=volume)

    found = compare(lane, kept)

    both = [number for number, case in enumerate(cases) if case["whole"] and case["closed"]]
    assert found.compared == len(both)
    assert found.newest_ms == (MIDNIGHT_MS + both[-1] * MINUTE_MS if both else None)
    assert found.partial == sum(not case["whole"] for case in cases)
    assert found.compared + found.partial + found.waiting == len(cases)
    assert [candle.open_time for candle, _ in found.differing] == [
        MIDNIGHT_MS + number * MINUTE_MS for number in both if not cases[number]["same"]
    ]


def test_a_difference_is_told_in_words() -> None:
    live = minute(volume=Decimal("1.5"))
    found = compare([LaneMinute(True, live)], {live.open_time: minute(volume=Decimal(2))})  # noqa: FBT003
    assert [what for _, what in found.differing] == ["volume 2 here, 1.5 live"]
