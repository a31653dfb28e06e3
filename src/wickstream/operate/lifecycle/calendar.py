"""Which days and months are over, and which are too old to be kept. Pure; now is the data's."""

from collections.abc import Iterable
from datetime import UTC, datetime

from wickstream.candle import window_end, window_start
from wickstream.events import DAY_MS, MINUTE_MS

# What belongs to a day still comes after its end: from the stream in seconds, from a repair in minutes. What comes
# later than this does no harm: it is put in order the next time.
SETTLING_MS = 60 * MINUTE_MS


def now_of(newest_closed_ms: Iterable[int | None], *, wall_ms: int) -> int:
    """Now is where the newest closed candle ends; 0, by which nothing is over, if there is none.

    A feed that stood still for a hundred days drops nothing. What says it is of the future is not believed beyond the
    machine's own clock: one wrong candle must not make all others old.
    """
    known = [opened + MINUTE_MS for opened in newest_closed_ms if opened is not None]
    return min(max(known), wall_ms) if known else 0


def part_end_ms(part: str) -> int:
    """When a day, as 2024-08-09, or a month, as 2024-08, is over."""
    is_day = part.count("-") == 2
    opened = datetime.strptime(part, "%Y-%m-%d" if is_day else "%Y-%m").replace(tzinfo=UTC)
    opened_ms = int(opened.timestamp()) * 1_000
    return opened_ms + DAY_MS if is_day else window_end(opened_ms, "1M")


def month_name(month_ms: int) -> str:
    """As 2024-08."""
    return f"{datetime.fromtimestamp(month_ms / 1_000, UTC):%Y-%m}"


def day_name(day_ms: int) -> str:
    """As 2024-08-09."""
    return f"{datetime.fromtimestamp(day_ms / 1_000, UTC):%Y-%m-%d}"


def is_over(end_ms: int, now_ms: int) -> bool:
    """Tell whether what ends then has ended, and hardly anything of it is still to come."""
    return end_ms + SETTLING_MS <= now_ms


def is_old(end_ms: int, now_ms: int, *, days: int) -> bool:
    """Tell whether all of what ends then is older than so many days; 0: nothing ever is."""
    return bool(days) and end_ms <= now_ms - days * DAY_MS


def days_over(months_ms: Iterable[int], now_ms: int) -> list[int]:
    """The days of these months that are over, in order: open times, ms."""
    return [
        day_ms
        for month_ms in sorted(months_ms)
        for day_ms in range(month_ms, window_end(month_ms, "1M"), DAY_MS)
        if is_over(day_ms + DAY_MS, now_ms)
    ]


def month_of_day(day_ms: int) -> int:
    """The open time of its month."""
    return window_start(day_ms, "1M")
