"""The command that fills a tier from the others."""

from typing import Annotated

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of
from wickstream.errors import Mistake

Tier = Annotated[str, typer.Argument(metavar="hot", help="Which tier: hot.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="The data", epilog="wickstream rebuild hot")(rebuild)


def rebuild(tier: Tier, *, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Fill Redis with the newest hour of each symbol from PostgreSQL; any number of times, also while all runs.

    The writer does it by itself when it finds Redis empty. Last prices, trades and forming candles come from Kafka
    with the next trade.
    """
    from contextlib import closing

    from wickstream.config import data_root
    from wickstream.operate.running import of_the_folder
    from wickstream.store.hot.hour import HotWriter
    from wickstream.store.hot.rebuild import rebuild

    if tier != "hot":
        raise Mistake(f"rebuild {tier}: hot is the one that is rebuilt from others")
    settings = of_the_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    with closing(HotWriter(settings)) as writer:
        told = (
            None if as_json else lambda symbol, of: typer.echo(f"{symbol}: {of.stored} candles, {of.older} were there")
        )
        written = rebuild(settings, writer, tell=told)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(written).decode())
