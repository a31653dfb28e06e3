"""The command that finds missing trades again."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wickstream.cli import show
from wickstream.cli.options import DataDir, Json, PortBase, settings_of

if TYPE_CHECKING:
    from wickstream.config import Settings
    from wickstream.operate.repairs import Mended

Watch = Annotated[bool, typer.Option("--watch", help="Go on for ever: what `up` supervises, and containers run.")]

EXIT_INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Processes")(repair)


def repair(
    *, watch: Watch = False, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False
) -> None:
    """Missing trades and their candles, from the exchange: once, or for ever.

    Without --watch each open entry of the ledger is asked for once. Exit code 1 if the exchange or a store failed to
    answer; that ids stay open is no failure.
    """
    from wickstream.logs import set_up_logging

    settings = settings_of(data_dir=data_dir, port_base=port_base, log_format="json" if as_json else None)
    if watch:
        from wickstream.operate.repair import run

        set_up_logging(settings.log_level, settings.log_format)
        run(settings)
    else:
        set_up_logging("WARNING", settings.log_format)
        _once(settings, as_json=as_json)


def _once(settings: "Settings", *, as_json: bool) -> None:
    import asyncio

    from wickstream.operate.repair import once

    turns: list[Mended] = []

    def tell(mended: "Mended") -> None:
        turns.append(mended)
        if not as_json:
            show.mended(mended)

    def wait() -> None:
        if not as_json and sys.stdout.isatty():
            show.say("another process repairs; waiting for its turn to end")

    try:
        asyncio.run(once(_of_the_folder(settings), tell=tell, wait=wait))
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    show.repaired(turns, as_json=as_json)
    if any(turn.trouble for turn in turns):
        raise typer.Exit(1)


def _of_the_folder(settings: "Settings") -> "Settings":
    """The settings that lead to the servers and the exchange of a data folder; without one they are as given."""
    from wickstream.config import data_root
    from wickstream.operate.down import find_folder
    from wickstream.operate.servers.local import with_local_addresses
    from wickstream.operate.source import Wish, choose, read_record

    folder = find_folder(settings, data_root())
    if folder is None or read_record(folder) is None:
        return settings
    named = settings.model_copy(update={"data_dir": folder})
    return with_local_addresses(choose(named, Wish(), root=data_root()).settings)
