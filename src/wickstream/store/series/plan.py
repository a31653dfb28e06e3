"""What to read for a question about candles, and what to make of what was read. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wickstream.candle import Candle, roll_up, supersedes, window_end, window_start
from wickstream.events import MINUTE_MS
from wickstream.store.hot.hour import HotHour

FAR_MS = 253_370_764_800_000  # the year 9999: no later window has an end that a calendar knows
MINUTES_OF_A_MONTH = 31 * 1_440
MOST_MINUTES = MINUTES_OF_A_MONTH  # past this a plan is not widened: who asks for closed windows only has to page

# Spark publishes a closed candle about two seconds after its minute; one that is two minutes late means that the
# hot tier, and not the market, stands still.
HOT_IS_STALE_MS = 2 * MINUTE_MS


@dataclass(frozen=True)
class Question:
    """Candles of a symbol, by `open_time` (ms), both ends inclusive.

    Without `start` the last `limit` of the range, else its first. With `closed_only` windows that are not closed are
    left out; with `and_forming` besides, the one that goes on now is not.
    """

    symbol: str
    interval: str
    start: int | None
    end: int | None
    limit: int
    closed_only: bool
    and_forming: bool = False


@dataclass(frozen=True)
class Plan:
    """The 1-minute candles that are needed: at most `minutes` with `first_ms <= open_time <= last_ms`."""

    first_ms: int
    last_ms: int
    minutes: int
    backward: bool


def plan(question: Question) -> Plan:
    """Whole windows only, so that the first and the last one are not rolled up from a part of theirs."""
    interval, start, end = question.interval, question.start, question.end
    # Of the newest windows one is forming and one perhaps not closed yet.
    windows = question.limit + (2 if question.closed_only else 0)
    first_ms, last_ms = whole_windows(start, end, interval)
    return Plan(first_ms, last_ms, minutes=windows * minutes_of(interval), backward=start is None)


def whole_windows(start: int | None, end: int | None, interval: str) -> tuple[int, int]:
    """First and last minute of the windows that open from `start` to `end`; None: as far as a calendar goes."""
    first_ms = 0 if start is None else _first_window(min(max(start, 0), FAR_MS), interval)
    return first_ms, _last_minute(FAR_MS if end is None else min(end, FAR_MS), interval)


def is_wanted(question: Question, candle: Candle, now_ms: int | None) -> bool:
    """Tell whether the answer may hold it; without a clock nobody knows what is forming."""
    if candle.closed or not question.closed_only:
        return True
    return question.and_forming and now_ms is not None and now_ms <= candle.close_time


def wider(wanted: Plan) -> Plan:
    """As `wanted`, with more minutes."""
    return replace(wanted, minutes=4 * wanted.minutes)


def falls_short(question: Question, wanted: Plan, answer: Sequence[Candle], minutes: Sequence[Candle]) -> bool:
    """Tell whether unclosed windows took the place of closed ones that a wider plan may find."""
    is_short = question.closed_only and len(answer) < question.limit
    return is_short and wanted.minutes <= len(minutes) and wanted.minutes < MOST_MINUTES


def _first_window(start: int, interval: str) -> int:
    opened = window_start(start, interval)
    return opened if opened == start else window_end(opened, interval)


def _last_minute(end: int, interval: str) -> int:
    return window_end(window_start(end, interval), interval) - MINUTE_MS


def most_minutes(wanted: Plan) -> int:
    """How many there may be of what is wanted."""
    return min(wanted.minutes, (wanted.last_ms - wanted.first_ms) // MINUTE_MS + 1)


def minutes_of(interval: str) -> int:
    """How many minutes a window of it has at most."""
    return MINUTES_OF_A_MONTH if interval == "1M" else window_end(0, interval) // MINUTE_MS


def hot_suffices(wanted: Plan, hour: HotHour, now_ms: int | None) -> bool:
    """Tell whether the hot tier alone holds all that is wanted, and is not standing still itself."""
    if hour.first_ms is None or hour.newest_ms is None or now_ms is None:
        return False
    if hour.newest_ms < window_start(now_ms, "1m") - HOT_IS_STALE_MS:
        return False
    last_ms = min(wanted.last_ms, hour.newest_ms)
    oldest = max(wanted.first_ms, last_ms - (wanted.minutes - 1) * MINUTE_MS) if wanted.backward else wanted.first_ms
    return hour.first_ms <= oldest


def lacking(wanted: Plan, parts: Iterable[Sequence[Candle]], halts: frozenset[int], now_ms: int | None) -> Plan | None:
    """The part of what is wanted that has neither closed candles nor halts, from its first such minute to its last.

    Minutes that ended just now are left to those who have them first. None: nothing lacks.
    """
    held = [candle for part in parts for candle in part if wanted.first_ms <= candle.open_time <= wanted.last_ms]
    times = sorted({candle.open_time for candle in held})
    first_ms, last_ms = wanted.first_ms, wanted.last_ms
    if now_ms is not None:
        last_ms = min(last_ms, window_start(now_ms, "1m") - HOT_IS_STALE_MS - MINUTE_MS)
    if wanted.backward and len(times) >= wanted.minutes:
        first_ms = times[-wanted.minutes]
    elif len(times) >= wanted.minutes:
        last_ms = min(last_ms, times[wanted.minutes - 1])
    settled = {candle.open_time for candle in held if candle.closed} | halts
    while first_ms <= last_ms and first_ms in settled:
        first_ms += MINUTE_MS
    while first_ms <= last_ms and last_ms in settled:
        last_ms -= MINUTE_MS
    return replace(wanted, first_ms=first_ms, last_ms=last_ms) if first_ms <= last_ms else None


def stitch(wanted: Plan, *parts: Iterable[Candle]) -> list[Candle]:
    """One candle a minute, in order of time, as many as are wanted: at a seam the newest version wins.

    A part may hold more, beyond where others were cut off: what lies between would seem to be nowhere.
    """
    held: dict[int, Candle] = {}
    for candle in (candle for part in parts for candle in part):
        if not wanted.first_ms <= candle.open_time <= wanted.last_ms:
            continue
        other = held.get(candle.open_time)
        if other is None or supersedes(candle, other):
            held[candle.open_time] = candle
    ends = slice(-wanted.minutes, None) if wanted.backward else slice(wanted.minutes)
    return [held[open_time] for open_time in sorted(held)[ends]]


def windows(question: Question, minutes: Sequence[Candle], halts: frozenset[int], now_ms: int | None) -> list[Candle]:
    """The answer, from all the minutes of its windows."""
    rolled = minutes if question.interval == "1m" else roll_up(minutes, question.interval, halts=halts)
    wanted = [candle for candle in rolled if is_wanted(question, candle, now_ms)]
    return wanted[-question.limit :] if question.start is None else wanted[: question.limit]


def is_complete(
    question: Question, answer: Sequence[Candle], minutes: Sequence[Candle], halts: frozenset[int], now_ms: int
) -> bool:
    """Tell whether every ended minute of the range is closed or a halt.

    The range begins at `start`, or without one at the first candle of the answer; it ends at `end` or now, or at the
    last candle of an answer that `limit` cut off. What nobody has heard anything of (`now_ms` is 0), or what holds only
    the forming candle, is not complete.
    """
    wanted = plan(question)
    if not now_ms or (question.start is None and not any(candle.closed for candle in answer)):
        return False
    first_ms = wanted.first_ms if question.start is not None else answer[0].open_time
    is_cut = question.start is not None and len(answer) == question.limit
    last_ms = answer[-1].close_time - MINUTE_MS + 1 if is_cut else wanted.last_ms
    ended = range(first_ms, min(last_ms, window_start(now_ms, "1m") - MINUTE_MS) + 1, MINUTE_MS)
    closed = {candle.open_time for candle in minutes if candle.closed and candle.open_time in ended}
    return len(closed | {halt for halt in halts if halt in ended}) == len(ended)


def latest_known(minutes: Sequence[Candle]) -> int:
    """Now, as far as the candles themselves tell it: when no clock was heard."""
    return max((c.close_time + 1 if c.closed else c.open_time for c in minutes), default=0)
