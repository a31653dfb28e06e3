"""An answer out of the hot hour alone, without making candles of its rows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from wickstream.candle import Candle, window_start
from wickstream.events import MINUTE_MS
from wickstream.rendering import Rendered, rendered
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.plan import Plan, Question, is_wanted, stitch


@dataclass(frozen=True)
class HotAnswer:
    """What `windows`, `is_complete` and `tiers_in` make of the same minutes: it is tested against them."""

    candles: Rendered
    complete: bool
    tiers: tuple[str, ...]


def from_hot(question: Question, wanted: Plan, hour: HotHour, forming: Candle | None, now_ms: int) -> HotAnswer:
    """Single minutes where `hot_suffices`: of the unbroken run of closed ones, and what goes on behind it."""
    newest_ms = hour.newest_ms or 0
    run = range(max(wanted.first_ms, hour.first_ms or 0), min(wanted.last_ms, newest_ms) + 1, MINUTE_MS)
    behind = [candle for candle in hour.opened if newest_ms < candle.open_time <= wanted.last_ms]
    lane = [forming] if forming else []
    running = [candle for candle in stitch(wanted, behind, lane) if candle.open_time > newest_ms]
    running = [candle for candle in running if is_wanted(question, candle, now_ms)]
    kept = slice(-question.limit, None) if question.start is None else slice(question.limit)
    times = [*run, *_times(running)][kept]
    return HotAnswer(
        candles=Rendered([*_rows(hour, run), *map(rendered, running)][kept]),
        complete=_is_complete(question, wanted, times, run, now_ms),
        tiers=_tiers(times, hot=[*run, *_times(behind)], lane=_times(lane)),
    )


def _rows(hour: HotHour, run: range) -> Sequence[bytes]:
    """Of closed minutes that are part of the unbroken run."""
    end = len(hour.closed) - ((hour.newest_ms or 0) + MINUTE_MS - run.stop) // MINUTE_MS
    return hour.closed.rows[end - len(run) : end]


def _is_complete(question: Question, wanted: Plan, times: Sequence[int], run: range, now_ms: int) -> bool:
    if question.start is None and not (times and times[0] in run):
        return False
    first_ms = times[0] if question.start is None else wanted.first_ms
    is_cut = question.start is not None and len(times) == question.limit
    last_ms = min(times[-1] if is_cut else wanted.last_ms, window_start(now_ms, "1m") - MINUTE_MS)
    return last_ms < first_ms or (first_ms in run and last_ms in run)


def _tiers(times: Sequence[int], **held: Sequence[int]) -> tuple[str, ...]:
    return tuple(tier for tier, own in held.items() if times and any(times[0] <= at <= times[-1] for at in own))


def _times(candles: Sequence[Candle]) -> list[int]:
    return [candle.open_time for candle in candles]
