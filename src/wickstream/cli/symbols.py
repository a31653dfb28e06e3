"""`wickstream symbols`: which symbols are followed, and changing that while everything runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wickstream.cli import show
from wickstream.cli.options import DataDir, Json, PortBase, settings_of

if TYPE_CHECKING:
    from wickstream.config import Settings

EXIT_NOT_TAKEN = 3  # as of `status` when nothing runs

Names = Annotated[list[str], typer.Argument(metavar="SYMBOL", help="As the exchange spells them.")]

symbols = typer.Typer(
    help="""Which symbols are followed, and changing that while everything runs.

    What is added or removed goes before any list or rule, takes effect within seconds and stays so after a restart.
    """,
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(symbols, name="symbols", rich_help_panel="The whole stack")


@symbols.command("list", epilog="wickstream symbols list --json | jq -r '.[] | select(.followed).symbol'")
def list_symbols(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Each symbol with its status, who chose it, which connector follows it, and since when."""
    from wickstream.exchange.symbols.registry import read_table
    from wickstream.operate.wishes import rows_of

    show.symbols(rows_of(read_table(_reached(data_dir, port_base).kafka)), as_json=as_json)


@symbols.command(epilog="wickstream symbols add PEPEUSDT 币安人生USDT")
def add(names: Names, *, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Follow symbols from now on. Exit code 3 if no connector is there to take them over yet."""
    _tell(names, "added", data_dir, port_base, as_json=as_json)


@symbols.command(epilog="wickstream symbols remove PEPEUSDT")
def remove(names: Names, *, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Leave symbols, also those that a list or a rule chooses; what is stored of them stays."""
    _tell(names, "removed", data_dir, port_base, as_json=as_json)


def _tell(names: list[str], wish: str, data_dir: Path | None, port_base: int | None, *, as_json: bool) -> None:
    from wickstream.operate.wishes import named, tell

    wanted = named(names)
    taken = tell(_reached(data_dir, port_base), wanted, wish)
    show.symbols(taken.rows, as_json=as_json)
    if taken.waiting:
        typer.echo(f"no connector has taken over {', '.join(taken.waiting)}: it will when one starts", err=True)
        raise typer.Exit(EXIT_NOT_TAKEN)


def _reached(data_dir: Path | None, port_base: int | None) -> "Settings":
    from wickstream.config import data_root
    from wickstream.operate.running import reach

    return reach(settings_of(data_dir=data_dir, port_base=port_base), data_root())
