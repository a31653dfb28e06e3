"""Windows of every interval at the edges of the calendar, by both roll-ups, against rules told with dates alone."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from tests.candles import minute
from wickstream.candle import INTERVALS, Candle, roll_up
from wickstream.events import MINUTE_MS
from wickstream.store.series import frames

EDGES = (
    "1970-01-01",  # a Thursday; three days are counted from here
    "2023-01-01",  # a Sunday, month and year
    "2024-01-01",  # a Monday as well
    "2024-02-29",
    "2024-03-01",
    "2024-12-30",  # a Monday whose week ends in the next year
    "2025-03-30",  # summer time begins elsewhere
)


def opened(moment: datetime, interval: str) -> datetime:
    """When the window opened that holds this moment."""
    day = moment.replace(hour=0, minute=0)
    count, unit = int(interval[:-1]), interval[-1]
    if unit == "m":
        return moment.replace(minute=moment.minute // count * count)
    if unit == "h":
        return day.replace(hour=moment.hour // count * count)
    if unit == "d":
        return day - timedelta(days=(day.date() - date(1970, 1, 1)).days % count)
    return day - timedelta(days=day.weekday()) if unit == "w" else day.replace(day=1)


def closes(begin: datetime, interval: str) -> datetime:
    """When the next one opens."""
    if interval == "1M":
        return (begin + timedelta(days=31)).replace(day=1)
    count, unit = int(interval[:-1]), interval[-1]
    return begin + count * {"m": timedelta(minutes=1), "h": timedelta(hours=1)}.get(
        unit, timedelta(days=7 if unit == "w" else 1)
    )


def ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000


def candle(moment: datetime, count: int) -> Candle:
    return msgspec.structs.replace(
        minute(trade_count=count), open_time=ms(moment), close_time=ms(moment) + MINUTE_MS - 1
    )


def both(minutes: list[Candle], interval: str, halts: frozenset[int] = frozenset()) -> list[Candle]:
    """What both give; `1m` is no roll-up."""
    one_by_one = list(roll_up(minutes, interval, halts=halts))
    in_columns = frames.candles_of(frames.roll_up(frames.frame_of(minutes), interval, halts=halts))
    assert interval == "1m" or in_columns == one_by_one
    return one_by_one


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("edge", EDGES)
def test_windows_open_and_close_by_the_calendar(interval: str, edge: str) -> None:
    begin = datetime.fromisoformat(edge).replace(tzinfo=UTC)
    offsets = [n for n in (-10_081, -1_441, -61, -2, -1, 0, 1, 2, 61, 1_441, 10_081) if n >= 0 or begin.year > 1970]
    moments = [begin + timedelta(minutes=offset) for offset in offsets]
    expected: dict[datetime, int] = {}
    for number, moment in enumerate(moments, 1):
        expected[opened(moment, interval)] = expected.get(opened(moment, interval), 0) + number

    found = both([candle(moment, number) for number, moment in enumerate(moments, 1)], interval)
    assert [(c.open_time, c.close_time + 1, c.trade_count) for c in found] == [
        (ms(start), ms(closes(start, interval)), count) for start, count in expected.items()
    ]


@pytest.mark.parametrize("interval", [interval for interval in INTERVALS if interval != "1m"])
def test_a_window_is_closed_by_all_of_its_minutes_and_halts_and_not_without_one(interval: str) -> None:
    begin = opened(datetime(2024, 2, 29, tzinfo=UTC), interval)  # a month of 29 days
    halt = begin + timedelta(minutes=1)
    count = (ms(closes(begin, interval)) - ms(begin)) // MINUTE_MS
    minutes = [candle(begin + timedelta(minutes=n), 1) for n in range(count) if n != 1]

    (whole,) = both(minutes, interval, frozenset({ms(halt)}))
    assert (whole.closed, whole.trade_count) == (True, count - 1)
    assert not both(minutes, interval)[0].closed
    assert not both(minutes[:-1], interval, frozenset({ms(halt)}))[0].closed
