"""The command that finds missing trades again."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wickstream.cli import show
from wickstream.cli.options import DataDir, Json, PortBase, settings_of
from wickstream.cli.times import End, Start, require_in_order, time_ms
from wickstream.errors import Mistake
from wickstream.events import MINUTE_MS

if TYPE_CHECKING:
    from wickstream.config import Settings
    from wickstream.operate.recompute.turns import Range, Recomputed
    from wickstream.operate.repairs import Mended

Watch = Annotated[bool, typer.Option("--watch", help="Go on for ever: what `up` supervises, and containers run.")]

Names = Annotated[str | None, typer.Option("--symbols", metavar="A,B", help="Of these only; else of all.")]

EXIT_INTERRUPTED = 130
FARTHEST_MS = 2**53


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        rich_help_panel="Processes",
        epilog="wickstream repair --symbols BTCUSDT,ETHUSDT --start 2026-11-22T10:00 --end 2026-11-22T10:59",
    )(repair)
    app.command(hidden=True)(recompute)


def repair(
    *,
    watch: Watch = False,
    symbols: Names = None,
    start: Start = None,
    end: End = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """Missing trades and minutes that do not close: found again and recomputed, once or for ever.

    Without a range, everything that the ledger calls missing or unproven. With --start, every minute of the range is
    recomputed from the trades in Kafka, else from those in the archive, else from the exchange, and published anew
    where it differs from what is stored. Exit code 1 if the exchange or a store failed to answer; that something stays
    missing is no failure.
    """
    from wickstream.logs import set_up_logging
    from wickstream.memory import give_back

    settings = settings_of(data_dir=data_dir, port_base=port_base, log_format="json" if as_json else None)
    wanted = _range(symbols, time_ms(start, "--start"), time_ms(end, "--end"))
    if watch:
        from wickstream.operate.repair import run

        if wanted is not None:
            raise Mistake("repair: --watch knows by itself what to repair; leave --symbols, --start and --end out")
        set_up_logging(settings.log_level, settings.log_format)
        give_back()
        run(settings)
    else:
        set_up_logging("WARNING", settings.log_format)
        _once(settings, wanted, as_json=as_json)


def recompute(*, data_dir: DataDir = None, port_base: PortBase = None) -> None:
    """One question from standard input, answered on standard output: what `repair` starts when it needs Spark."""
    from wickstream.logs import set_up_logging
    from wickstream.operate.recompute.job import run

    settings = settings_of(data_dir=data_dir, port_base=port_base)
    set_up_logging("WARNING", settings.log_format)
    run(settings)


def _range(symbols: str | None, start_ms: int | None, end_ms: int | None) -> "Range | None":
    from wickstream.operate.recompute.turns import Range
    from wickstream.operate.wishes import named

    if symbols is None and start_ms is None and end_ms is None:
        return None
    if start_ms is None:
        raise Mistake("repair: name the first minute with --start, as in --start 2026-11-22T10:00")
    require_in_order(start_ms, end_ms)
    last_ms = FARTHEST_MS if end_ms is None else end_ms
    return Range(named([symbols]) if symbols else (), first_open=start_ms // MINUTE_MS * MINUTE_MS, last_open=last_ms)


def _once(settings: "Settings", wanted: "Range | None", *, as_json: bool) -> None:
    import asyncio

    from wickstream.operate.repair import once, over_range

    done: list[Mended | Recomputed] = []

    def tell(one: "Mended | Recomputed") -> None:
        done.append(one)
        if not as_json:
            show.done(one)

    def wait() -> None:
        if not as_json and sys.stdout.isatty():
            show.say("another process repairs; waiting for its turn to end")

    found = _of_the_folder(settings)
    try:
        asyncio.run(
            once(found, tell=tell, wait=wait) if wanted is None else over_range(found, wanted, tell=tell, wait=wait)
        )
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    show.repaired(done, as_json=as_json)
    if any(one.trouble for one in done):
        raise typer.Exit(1)


def _of_the_folder(settings: "Settings") -> "Settings":
    from wickstream.config import data_root
    from wickstream.operate.running import of_the_folder

    return of_the_folder(settings, data_root())
