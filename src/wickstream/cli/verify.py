"""The command that proves what is stored."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of
from wickstream.cli.times import YEAR_10000_MS, End, Start, require_in_order, time_ms
from wickstream.errors import Mistake

if TYPE_CHECKING:
    from wickstream.config import Settings
    from wickstream.operate.proof.damage import Damage
    from wickstream.operate.proof.klines import Klines
    from wickstream.operate.validation.evidence import Report

Names = Annotated[str | None, typer.Option("--symbols", metavar="A,B", help="Only these; else all that are stored.")]
Fast = Annotated[bool, typer.Option("--fast", help="Only the chain of ids and the count, in warm and cold.")]
Repair = Annotated[bool, typer.Option("--repair", help="Mend what is damaged, and prove it all again.")]
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
    repair: Repair = False,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """Prove what is stored: files by their sha256, the chain of ids, tier against tier, and the exchange's klines.

    Exit code 1 on any difference; what is still on its way from one tier to the next is none. With --repair, what is
    damaged is brought back from what can be proven right: candles from archived trades, from those in Kafka or the
    exchange, else from the tier that is consistent; damaged files are set aside, never deleted, and their rows brought
    back. Then all is proven again, and what could not be repaired is listed.
    """
    from wickstream.config import data_root
    from wickstream.logs import set_up_logging
    from wickstream.operate.running import of_the_folder
    from wickstream.operate.verify import verify

    start_ms, end_ms = time_ms(start, "--start"), time_ms(end, "--end")
    require_in_order(start_ms, end_ms)
    if fast and repair:
        raise Mistake("verify: --repair needs the whole proof; leave --fast out")
    settings = of_the_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    set_up_logging("WARNING", "json" if as_json else settings.log_format)
    chosen, span = _chosen(settings, symbols), (start_ms or 0, YEAR_10000_MS - 1 if end_ms is None else end_ms)
    klines = _klines(settings, against, chosen)
    prove = partial(verify, settings, chosen, start_ms=span[0], end_ms=span[1], fast=fast, against=klines, tell=_tell)
    found, damage = prove()
    _tell("")
    if found.passed or not repair:
        _say(found, as_json=as_json)
        if not found.passed and not as_json and not fast:
            typer.echo("`wickstream verify --repair` with the same range mends what can be mended.")
        raise typer.Exit(int(not found.passed))
    if not as_json:
        _say(found, as_json=False)
    unrepaired = _restore(settings, chosen, damage, span, as_json=as_json)
    after, _ = prove()
    _tell("")
    _say(after, as_json=as_json, unrepaired=unrepaired)
    raise typer.Exit(int(not after.passed or bool(unrepaired)))


def _restore(
    settings: "Settings", symbols: list[str], damage: "Damage", span: tuple[int, int], *, as_json: bool
) -> list[str]:
    from wickstream.cli.show import say, silent
    from wickstream.operate.restore import restore

    return restore(settings, symbols, damage, span=span, tell=silent if as_json else say)


def _say(found: "Report", *, as_json: bool, unrepaired: Sequence[str] = ()) -> None:
    import msgspec

    from wickstream.operate.validation.markdown import markdown

    if as_json:
        told = msgspec.to_builtins(found) | ({"unrepaired": list(unrepaired)} if unrepaired else {})
        typer.echo(msgspec.json.encode(told).decode())
        return
    typer.echo(markdown(found, title="Proof"))
    if unrepaired:
        typer.echo("Not repaired:\n" + "".join(f"- {what}\n" for what in unrepaired))


def _chosen(settings: "Settings", symbols: str | None) -> list[str]:
    from contextlib import closing

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
