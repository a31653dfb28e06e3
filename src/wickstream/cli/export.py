"""The command that writes candles into files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of
from wickstream.cli.times import End, Start, require_in_order, require_past, time_ms
from wickstream.errors import Mistake

if TYPE_CHECKING:
    from wickstream.operate.export import Exported, Format

Names = Annotated[str | None, typer.Option("--symbols", metavar="A,B", help="Of these; else of all that are stored.")]
Interval = Annotated[str, typer.Option("--interval", help="1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M.")]
To = Annotated[Path, typer.Option("--to", metavar="PATH", help="A folder; or the file, of a single symbol.")]
As = Annotated[str | None, typer.Option("--format", help="parquet or csv; else as the file's name ends, else parquet.")]

KnownAt = Annotated[
    str | None,
    typer.Option("--as-known-at", metavar="TIME", help="As it was known at that moment: for backtests."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel="The data",
        epilog="wickstream export --symbols BTCUSDT --interval 1h --start 2026-10-01 --end 2026-10-31 --to hours.csv",
    )(export)


def export(
    *,
    symbols: Names = None,
    interval: Interval = "1m",
    start: Start = None,
    end: End = None,
    as_known_at: KnownAt = None,
    to: To = Path("export"),
    form: As = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """Write closed candles to Parquet or CSV, out of all tiers as one series; without a range all there are.

    Exit code 1 if a minute lacks between the first and the last, or a tier did not answer.
    """
    from wickstream.candle import INTERVALS
    from wickstream.config import data_root
    from wickstream.operate.export import export
    from wickstream.operate.running import of_the_folder
    from wickstream.operate.wishes import named

    start_ms, end_ms = time_ms(start, "--start"), time_ms(end, "--end")
    require_in_order(start_ms, end_ms)
    known_at_ms = time_ms(as_known_at, "--as-known-at")
    require_past(known_at_ms, "--as-known-at")
    if interval not in INTERVALS:
        raise Mistake(f"--interval {interval}: there are {', '.join(INTERVALS)}")
    settings = of_the_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    chosen, kind = named([symbols]) if symbols else [], _format(form, to)
    done = []
    exported = export(
        settings, chosen, interval, start_ms=start_ms, end_ms=end_ms, known_at_ms=known_at_ms, to=to, form=kind
    )
    for one in exported:
        done.append(one)
        if not as_json:
            typer.echo(_line(one))
    if as_json:
        _tell(done)
    if any(one.missing or one.away for one in done):
        raise typer.Exit(1)


def _format(given: str | None, to: Path) -> "Format":
    from wickstream.operate.export import Format

    wanted = given or (to.suffix.removeprefix(".") if to.suffix in (".parquet", ".csv") else Format.PARQUET)
    try:
        return Format(wanted)
    except ValueError:
        raise Mistake(f"--format {given}: parquet or csv") from None


def _line(one: "Exported") -> str:
    from wickstream.cli.show import moment

    if one.file is None or one.first is None or one.last is None:
        return f"{one.symbol}: no candles"
    missing = f", {one.missing} minute{'s' * (one.missing > 1)} missing between" if one.missing else ""
    away = f" ({' and '.join(one.away)} did not answer)" if one.away else ""
    return (
        f"{one.symbol}: {one.candles:,} candles, {moment(one.first)} to {moment(one.last)}{missing}{away} → {one.file}"
    )


def _tell(done: "list[Exported]") -> None:
    import msgspec

    typer.echo(msgspec.json.encode(done, enc_hook=str).decode())
