"""The lifecycle: all steps, one behind the other, each as far as its stores answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial

from wickstream.candle import window_start
from wickstream.config import Settings
from wickstream.errors import StoreBusy, WickstreamError
from wickstream.events import DAY_MS
from wickstream.operate.lifecycle.calendar import now_of, part_end_ms
from wickstream.operate.lifecycle.lake_steps import PutInOrder, RemoveOld, Sweep
from wickstream.operate.lifecycle.report import Done, Outcome, Report, report
from wickstream.operate.lifecycle.step import Step, Warm
from wickstream.operate.lifecycle.warm_alerts import WarmAlerts
from wickstream.operate.lifecycle.warm_months import Lake, WarmMonths
from wickstream.operate.lifecycle.warm_order import WarmCleared, WarmInOrder
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.upkeep import Upkeep
from wickstream.store.ledger.right import Right
from wickstream.store.warm.months import months_of, newest_closed
from wickstream.store.warm.old_alerts import has_alerts_between

_LOCK = 7_714_250_004

GIVES_BACK_S = 2.0  # so much later PostgreSQL may notice that one that was killed holds the right no more

GIVES_UP_AFTER = 3  # subjects of a step in a row that a store did not take: it is away


class AtWork(WickstreamError):
    """There is one lifecycle at a time."""

    def __init__(self) -> None:
        super().__init__("another lifecycle is at work: this one has not begun")


Progress = Callable[[str, str, int, int], None]  # step, subject, so many of so many


def run(settings: Settings, *, dry_run: bool, progress: Progress, tell: Callable[[Done], None]) -> Report:
    """Do what is due, or only find out what that is; `tell` is told of what is done.

    May be killed anywhere: run again, it comes to the same end.

    Raises:
        AtWork: If there is another.
    """
    began = time.monotonic()
    done: list[Done] = []
    with closing(Right(settings, lock=_LOCK)) as right, closing(Warm(settings)) as warm:
        _claim(right)
        now_ms = _now_ms(settings, warm)
        for step in steps(settings, warm, now_ms):
            for one in _through(step, dry_run=dry_run, progress=progress):
                done.append(one)
                tell(one)
    return report(done, dry_run=dry_run, now_ms=now_ms, seconds=time.monotonic() - began)


def steps(settings: Settings, warm: Warm, now_ms: int) -> Iterator[Step]:
    """In their order: what is in order is proven in a fraction of the time, and cold lets go after warm."""
    days = {
        "candles": settings.cold_candles_days,
        "trades": settings.cold_trades_days,
        "alerts": settings.cold_alerts_days,
    }
    made = {"candles": Upkeep.of_candles, "trades": Upkeep.of_trades, "alerts": Upkeep.of_alerts}
    upkeep = {table: make(settings) for table, make in made.items()}
    in_order = {table: PutInOrder(table, one, warm, now_ms, days=days[table]) for table, one in upkeep.items()}
    yield in_order["candles"]
    yield in_order["trades"]
    yield WarmInOrder(warm, now_ms, days=settings.warm_days)
    yield WarmMonths(warm, Lake(settings), now_ms, days=settings.warm_days)
    stays_from_ms = window_start(now_ms - settings.warm_days * DAY_MS, "1M")
    yield WarmAlerts(warm, settings, stays_from_ms, days=settings.warm_days)
    yield in_order["alerts"]
    yield WarmCleared(warm)
    held_by_warm = {"candles": _has_candles, "trades": _has_nothing, "alerts": _has_alerts}
    for table, one in upkeep.items():
        held = partial(held_by_warm[table], warm)
        yield RemoveOld(table, one, now_ms, days=days[table], is_held_by_warm=held)
    yield from (Sweep(table, one) for table, one in upkeep.items())


def _claim(right: Right) -> None:
    until = time.monotonic() + GIVES_BACK_S
    try:
        while not right.claim():
            if time.monotonic() > until:
                raise AtWork
            time.sleep(0.05)
    except StoreBusy:
        return  # the steps that need PostgreSQL say so themselves; to the lake two at once do no harm


def _now_ms(settings: Settings, warm: Warm) -> int:
    """As far as a tier tells it."""
    newest: list[int | None] = []
    with suppress(StoreBusy), warm.used() as conn:
        newest.append(newest_closed(conn))
    with suppress(StoreBusy):
        span = ColdCandles(settings).span()
        newest.append(span[1] if span else None)
    return now_of(newest, wall_ms=time.time_ns() // 1_000_000)


def _through(step: Step, *, dry_run: bool, progress: Progress) -> Iterator[Done]:
    try:
        subjects = step.subjects()
    except StoreBusy as exc:
        yield Done(step=step.name, subject="all", outcome=Outcome.NOT_DONE, trouble=str(exc))
        return
    in_vain = 0
    for number, subject in enumerate(subjects):
        progress(step.name, subject, number, len(subjects))
        try:
            one = step.do(subject, dry_run=dry_run, progress=partial(progress, step.name, subject))
        except StoreBusy as exc:
            one, in_vain = (
                Done(step=step.name, subject=subject, outcome=Outcome.NOT_DONE, trouble=str(exc)),
                in_vain + 1,
            )
        else:
            in_vain = 0
        if one is not None:
            yield one
        if in_vain == GIVES_UP_AFTER and number + 1 < len(subjects):
            left = {"left": len(subjects) - number - 1}
            yield Done(step=step.name, subject="all others", outcome=Outcome.NOT_DONE, facts=left)
            return


def _has_candles(warm: Warm, part: str) -> bool:
    with warm.used() as conn:
        return window_start(part_end_ms(part) - 1, "1M") in months_of(conn)


def _has_alerts(warm: Warm, part: str) -> bool:
    end_ms = part_end_ms(part)
    with warm.used() as conn:
        return has_alerts_between(conn, window_start(end_ms - 1, "1M"), end_ms)


def _has_nothing(_: Warm, part: str) -> bool:
    return False
