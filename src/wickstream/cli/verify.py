"""The command that proves what is stored."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of
from wickstream.cli.times import YEAR_10000_MS, End, Start, require_in_order, time_ms

if TYPE_CHECKING:
    from wickstream.config import Settings
    from wickstream.operate.proof.klines import Klines

Names = Annotated[str | None, typer.Option("--symbols", metavar="A,B", help="Only these; else all that are stored.")]
Fast = Annotated[bool, typer.Option("--fast", help="Only the chain of ids and the count, in warm and cold.")]
Against = Annotated[
    str | None,
    typer.Option("--against", metavar="exchange|FILE.csv", help="Hold the exchange's klines against the candles too."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel="The data",
        epilog="wickstream verify --start 2026-11-01 --end 2026-11-22 --against exchange",
    )(verify)


def verify(
    *,
    symbols: Names = None,
    start: Start = None,
    end: End = None,
    against: Against = None,
    fast: Fast = False,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """Prove what is stored: files by their sha256, the chain of ids, tier against tier, and the exchange's klines.

    Exit code 1 on any difference; minutes still on their way from one tier to the next are none.
    """
    import msgspec

    from wickstream.config import data_root
    from wickstream.operate.running import of_the_folder
    from wickstream.operate.validation.markdown import markdown
    from wickstream.operate.verify import verify

    start_ms, end_ms = time_ms(start, "--start"), time_ms(end, "--end")
    require_in_order(start_ms, end_ms)
    settings = of_the_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    chosen = _chosen(settings, symbols)
    found, _ = verify(
        settings,
        chosen,
        start_ms=start_ms or 0,
        end_ms=YEAR_10000_MS - 1 if end_ms is None else end_ms,
        fast=fast,
        against=_klines(settings, against, chosen),
        tell=_tell,
    )
    _tell("")
    typer.echo(msgspec.json.encode(found).decode() if as_json else markdown(found, title="Proof"))
    if not found.passed:
        raise typer.Exit(1)


def _chosen(settings: "Settings", symbols: str | None) -> list[str]:
    from contextlib import closing

    from wickstream.errors import Mistake
    from wickstream.operate.wishes import named
    from wickstream.store.series.ranges import RangeReader

    if symbols:
        return named([symbols])
    with closing(RangeReader(settings)) as reader:
        found = reader.symbols()
    if not found:  # nothing would be judged, and that would pass
        raise Mistake("verify: nothing is stored")
    return found


def _klines(settings: "Settings", against: str | None, symbols: list[str]) -> "Klines | None":
    from wickstream.operate.proof.klines import AskedKlines, FiledKlines

    if against is None:
        return None
    if against == "exchange":
        return AskedKlines(settings)
    return FiledKlines(Path(against), symbol=symbols[0] if len(symbols) == 1 else None)


def _tell(what: str) -> None:
    """On a terminal, one line that changes."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{what}")
        sys.stderr.flush()
