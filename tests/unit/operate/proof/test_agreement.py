"""Two places that should hold the same."""

from decimal import Decimal

from tests.candles import MIDNIGHT_MS, minute
from wickstream.events import MINUTE_MS
from wickstream.operate.proof.agreement import disagreements, lacking
from wickstream.store.series.frames import frame_of

ROWS = [minute(number=number) for number in range(5)]


def test_the_same_minutes_agree() -> None:
    assert list(disagreements(frame_of(ROWS), frame_of(ROWS[1:]), names=("warm", "cold"))) == []


def test_the_smallest_difference_shows_with_both_values() -> None:
    other = minute(number=2, quote_volume=ROWS[2].quote_volume + Decimal("1e-16"))
    (fault,) = disagreements(frame_of(ROWS), frame_of([other]), names=("warm", "cold"))
    assert (fault.symbol, fault.open_time) == ("BTCUSDT", MIDNIGHT_MS + 2 * MINUTE_MS)
    assert fault.what == f"quote_volume {ROWS[2].quote_volume} in warm, {other.quote_volume} in cold"


def test_what_the_other_lacks_is_told_minute_by_minute() -> None:
    found = list(lacking(frame_of(ROWS), frame_of(ROWS[:3]), where="cold"))
    assert [(fault.open_time, fault.what) for fault in found] == [
        (ROWS[3].open_time, "is not in cold"),
        (ROWS[4].open_time, "is not in cold"),
    ]
