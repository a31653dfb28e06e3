"""The command that judges what is stored."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of
from wickstream.cli.times import End, Last, Start, duration_ms, require_in_order, time_ms
from wickstream.errors import Mistake
from wickstream.events import DAY_MS

if TYPE_CHECKING:
    from wickstream.operate.validation.evidence import Report

Names = Annotated[str | None, typer.Option("--symbols", metavar="A,B", help="Only these; else all that are followed.")]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", help="Write the report there too: JSON if it ends in .json, else Markdown."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel="The whole stack",
        epilog="wickstream validate --start 2026-11-01 --end 2026-11-01T23:59 --report november-first.md",
    )(validate)


def validate(
    *,
    symbols: Names = None,
    start: Start = None,
    end: End = None,
    last: Last = None,
    report: ReportFile = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """Judge the stored candles: schema, freshness, chain of ids, sanity, completeness, agreement with the live lane.

    Without --start the day before --end, or before now, or what --last says of it. Exit code 1 if something is not as
    it should be.
    """
    from wickstream.config import data_root
    from wickstream.logs import set_up_logging
    from wickstream.operate.running import of_the_folder
    from wickstream.operate.validators import followed_symbols, validate

    start_ms, end_ms = time_ms(start, "--start"), time_ms(end, "--end")
    last_ms = duration_ms(last, "--last")
    require_in_order(start_ms, end_ms)
    if start_ms is not None and last_ms is not None:
        raise Mistake("validate: --start and --last say the same; leave one out")
    settings = of_the_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    set_up_logging("WARNING", "json" if as_json else settings.log_format)
    chosen = _named(symbols) if symbols else followed_symbols(settings)
    if not chosen:  # nothing would be judged, and that would pass
        raise Mistake("validate: no symbol is followed; name some with --symbols")
    found = validate(settings, chosen, start_ms=start_ms, end_ms=end_ms, last_ms=last_ms or DAY_MS)
    if report is not None:
        _write(report, _text(found, as_json=report.suffix == ".json"))
    typer.echo(_text(found, as_json=as_json), nl=False)
    if not found.passed:
        raise typer.Exit(1)


def _named(symbols: str) -> list[str]:
    from wickstream.operate.wishes import named

    return named([symbols])


def _text(report: "Report", *, as_json: bool) -> str:
    import msgspec

    from wickstream.operate.validation.markdown import markdown

    return msgspec.json.encode(report).decode() + "\n" if as_json else markdown(report)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise Mistake(f"--report {file}: {exc.strerror}") from exc
