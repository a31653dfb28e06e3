"""The command that fills history from before anything was followed."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of
from wickstream.cli.times import End, Start, require_in_order, time_ms
from wickstream.errors import Mistake, WickstreamError
from wickstream.events import MINUTE_MS

if TYPE_CHECKING:
    from wickstream.config import Settings
    from wickstream.operate.backfill.outcome import Filled
    from wickstream.operate.backfill.wanted import Wanted

Records = Annotated[
    Literal["klines", "trades", "both"],
    typer.Option("--what", help="Candles, single trades, or both, compared with each other."),
]
Names = Annotated[
    str | None, typer.Option("--symbols", metavar="A,B", help="Of these only; else all that are followed.")
]
ColdStarted = Annotated[
    bool, typer.Option("--cold-started", help="Only the last hour, of symbols started from nothing, as `up` does it.")
]

EXIT_INTERRUPTED = 130
FARTHEST_MS = 253_402_300_799_000  # the end of the year 9999


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel="The data",
        epilog="wickstream backfill --symbols BTCUSDT,ETHUSDT --start 2026-01-01 --end 2026-06-30T23:59 --what both",
    )(backfill)


def backfill(
    *,
    symbols: Names = None,
    start: Start = None,
    end: End = None,
    what: Records = "klines",
    cold_started: ColdStarted = False,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """History from the exchange's daily archive files, and what they do not have yet, of candles, over REST.

    Files are checked by their CHECKSUM. Candles go the way of all candles, and never take the place of one computed
    from trades; trades, by whole days, go to the archive. What is stored already is not fetched again: stopped, or
    run again a day later, it goes on from there. Without --end until now.

    Progress is a bar on a terminal, else a line of JSON for each day, both on standard error. Exit code 1 if something
    failed, or if trades and candles contradict each other.
    """
    from wickstream.logs import set_up_logging

    settings = settings_of(
        data_dir=data_dir,
        port_base=port_base,
        log_format="json" if as_json else None,
        ticker_symbols=symbols if cold_started else None,
    )
    if cold_started:
        from wickstream.operate.backfill.past_hour import run

        if start is not None or end is not None:
            raise Mistake("backfill: --cold-started knows its range; leave --start and --end out")
        set_up_logging(settings.log_level, settings.log_format)
        run(settings)
        return
    found = _of_the_folder(settings)
    wanted = _wanted(found, symbols, time_ms(start, "--start"), time_ms(end, "--end"), what)
    set_up_logging("WARNING", settings.log_format)
    _fill(found, wanted, as_json=as_json)


def _wanted(settings: "Settings", symbols: str | None, start_ms: int | None, end_ms: int | None, what: str) -> "Wanted":
    from wickstream.operate.backfill.wanted import Minutes, Wanted, What
    from wickstream.operate.validators import followed_symbols
    from wickstream.operate.wishes import named

    if start_ms is None:
        raise Mistake("backfill: name the first minute with --start, as in --start 2026-01-01")
    require_in_order(start_ms, end_ms)
    first, last = start_ms // MINUTE_MS * MINUTE_MS, FARTHEST_MS if end_ms is None else end_ms
    chosen = named([symbols]) if symbols else followed_symbols(settings)
    if not chosen:
        raise Mistake("backfill: no symbol is followed; name some with --symbols")
    return Wanted(tuple(chosen), Minutes(first, last // MINUTE_MS * MINUTE_MS), What(what), is_open=end_ms is None)


def _fill(settings: "Settings", wanted: "Wanted", *, as_json: bool) -> None:
    import asyncio
    import signal

    from wickstream.cli.filling import Filling, report
    from wickstream.operate.backfill.job import fill

    done: list[Filled] = []
    shown = Filling(sys.stderr)
    is_cut_off = False

    def tell(one: "Filled") -> None:
        done.append(one)
        shown.tell(one)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it leaves no more behind than Ctrl-C does
    try:
        with shown:
            asyncio.run(fill(settings, wanted, begin=shown.begin, tell=tell))
    except KeyboardInterrupt:
        is_cut_off = True
    except OSError as exc:  # files are kept in the temporary folder while they are read
        raise Mistake(f"backfill: {exc.strerror or exc}, of {exc.filename or 'the temporary folder (TMPDIR)'}") from exc
    except WickstreamError:
        report(done, days_to_come=shown.days_to_come, is_cut_off=True, as_json=as_json)
        raise
    sums = report(done, days_to_come=shown.days_to_come, is_cut_off=is_cut_off, as_json=as_json)
    if is_cut_off:
        raise typer.Exit(EXIT_INTERRUPTED)
    if not sums.is_well:
        raise typer.Exit(1)


def _of_the_folder(settings: "Settings") -> "Settings":
    from wickstream.config import data_root
    from wickstream.operate.running import of_the_folder

    return of_the_folder(settings, data_root())
