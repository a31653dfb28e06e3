"""How a backfill looks while it goes on, and when it is done."""

from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

import typer

if TYPE_CHECKING:
    from wickstream.operate.backfill.outcome import Filled, Totals

SHOWN = 10  # of the days that are not as they should be


class Filling:
    """A bar on a terminal, else a line of JSON for each day."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._bar: Any = None
        self._task: Any = None
        self.days_to_come = 0

    def __enter__(self) -> Self:
        if self._out.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
            self._bar = Progress(*columns, console=Console(file=self._out), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, days: int, days_to_come: int) -> None:
        """So many will be told of; so many of the range have not begun."""
        self.days_to_come = days_to_come
        if self._bar is not None:
            self._task = self._bar.add_task("", total=days)

    def tell(self, one: "Filled") -> None:
        """One is done."""
        if self._bar is not None:
            self._bar.update(self._task, advance=1, description=f"{one.symbol} {one.day} {one.what}: {one.outcome}")
            return
        import msgspec

        with suppress(OSError):  # that its reader has gone is no reason to stop
            self._out.write(msgspec.json.encode(one).decode() + "\n")
            self._out.flush()


def report(done: "Sequence[Filled]", *, days_to_come: int, is_cut_off: bool, as_json: bool) -> "Totals":
    """What was done, on standard output; returns the sums."""
    import msgspec

    from wickstream.operate.backfill.outcome import Outcome, totals

    sums = totals(done)
    if as_json:
        told = {"totals": sums, "days_to_come": days_to_come, "is_cut_off": is_cut_off, "days": list(done)}
        typer.echo(msgspec.json.encode(told))
        return sums
    for line in _remarkable(done):
        typer.echo(line)
    _tell_absent([one for one in done if one.outcome is Outcome.NO_FILE_YET], "no file yet (run it again later)")
    _tell_absent([one for one in done if one.outcome is Outcome.NO_FILE], "no file")
    if days_to_come:
        typer.echo(f"days of the range that have not begun: {days_to_come:,}")
    typer.echo(_summary(sums))
    if is_cut_off:
        typer.echo("cut off: run it again, and it goes on from here")
    return sums


def _remarkable(done: "Sequence[Filled]") -> list[str]:
    """Days with trouble, holes or contradictions; not more of them than one reads."""
    found = [one for one in done if one.trouble or one.missing_ids or one.differing]
    lines = [f"{one.symbol} {one.day} {one.what}: {_what_is_wrong(one)}" for one in found[:SHOWN]]
    return [*lines, f"… and {len(found) - SHOWN:,} more such days (--json has all)"] if len(found) > SHOWN else lines


def _what_is_wrong(one: "Filled") -> str:
    missing = f"{one.missing_ids:,} ids are missing" if one.missing_ids else None
    with_whom = "the klines" if one.what == "trades" else "what is stored"
    differing = f"{one.differing:,} minutes differ from {with_whom}" if one.differing else None
    return "; ".join(filter(None, (one.trouble, missing, differing)))


def _tell_absent(days: "Sequence[Filled]", why: str) -> None:
    by_day: dict[tuple[str, str], list[str]] = {}
    for one in days:
        by_day.setdefault((one.what, one.day), []).append(one.symbol)
    lines = [f"{day} {what} of {', '.join(symbols)}: {why}" for (what, day), symbols in sorted(by_day.items())]
    for line in lines[:SHOWN]:
        typer.echo(line)
    if len(lines) > SHOWN:
        typer.echo(f"… and {len(lines) - SHOWN:,} more days: {why}")


def _summary(sums: "Totals") -> str:
    days = ", ".join(f"{count:,} {outcome}" for outcome, count in sums.days.items()) or "none"
    halts = f", {sums.halts:,} halted minutes" if sums.halts else ""
    return f"{sums.candles:,} candles published, {sums.trades:,} trades archived{halts}; days: {days}"
