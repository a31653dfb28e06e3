"""The command that keeps storage in shape."""

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of

if TYPE_CHECKING:
    from wickstream.operate.lifecycle.report import Done

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only find out what would be done.")]

EVERY_S = 2.0  # progress is told, where it is not a line that changes
EXIT_INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="The data", epilog="wickstream lifecycle --dry-run")(lifecycle)


def lifecycle(
    *, dry_run: DryRun = False, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False
) -> None:
    """Put in order what is over, and let go of what is old: once a day, beside all that runs.

    PostgreSQL: each symbol's day in one place; months older than WARM_DAYS are dropped, when the lake is proven to hold
    them, row by row (what it lacks is put there). The lake: candles of a month in at most 4 files, trades of a day in
    files of about 160 MB, sorted; COLD_CANDLES_DAYS, COLD_TRADES_DAYS and COLD_ALERTS_DAYS, if set; files of no use.

    Killed anywhere, and run again, it comes to the same end. Exit code 1 if something is not done: a month whose proof
    fails, which stays, or a store that is away. Progress is on standard error.
    """
    import signal

    import msgspec

    from wickstream.config import data_root
    from wickstream.logs import set_up_logging
    from wickstream.operate.lifecycle.job import run
    from wickstream.operate.lifecycle.report import lines
    from wickstream.operate.running import of_the_folder

    settings = of_the_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    set_up_logging("WARNING", "json" if as_json else settings.log_format)
    shown = _Shown(sys.stderr)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it leaves no more behind than Ctrl-C does
    try:
        found = run(settings, dry_run=dry_run, progress=shown.progress, tell=shown.tell)
    except KeyboardInterrupt:
        shown.clear()
        typer.echo("cut off: run it again, and it goes on from here", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    shown.clear()
    typer.echo(msgspec.json.encode(found) if as_json else "\n".join(lines(found)))
    if not found.passed:
        raise typer.Exit(1)


class _Shown:
    """On a terminal one line that changes, else a line of JSON every few seconds and for whatever is done."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._told_at = time.monotonic()

    def progress(self, step: str, subject: str, count: int, of: int) -> None:
        """So far."""
        if self._out.isatty():
            self._write(f"\r\033[K{step}, {subject}: {count:,} of {of:,}")
        elif time.monotonic() - self._told_at >= EVERY_S:
            self._write_line({"step": step, "subject": subject, "count": count, "of": of})

    def tell(self, one: "Done") -> None:
        """Done."""
        if not self._out.isatty():
            self._write_line(one)

    def clear(self) -> None:
        """The line is gone."""
        if self._out.isatty():
            self._write("\r\033[K")

    def _write_line(self, what: Any) -> None:
        import msgspec

        self._told_at = time.monotonic()
        self._write(msgspec.json.encode(what).decode() + "\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # that its reader has gone is no reason to stop
            self._out.write(text)
            self._out.flush()
