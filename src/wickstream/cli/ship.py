"""The command that prepares the stream's job for a cluster."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to put it all; made if need be.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel="Processes",
        epilog="wickstream ship /shared/wickstream; docs/cluster.md goes on from there",
    )(ship)


def ship(folder: Folder, *, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Package, jars and program of the stream's job, for spark-submit; prints the command."""
    import json

    from wickstream.stream.shipping import ship

    command = ship(settings_of(data_dir=data_dir, port_base=port_base), folder.absolute())
    typer.echo(json.dumps(command) if as_json else shlex.join(command))
