"""The command that tells Prometheus where everything is."""

import json
from typing import Annotated

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of

ByName = Annotated[
    bool, typer.Option("--by-name", help="Each process on a host of its name, as in containers, and not on this one.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="The whole stack")(targets)


def targets(
    *, by_name: ByName = False, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False
) -> None:
    """Where Prometheus finds the metrics of each process: a file for its `file_sd_configs`, always JSON.

    `wickstream targets --port-base 9000 > deploy/prometheus/targets/local.json`
    """
    from wickstream.scraping import scrape_targets

    found = scrape_targets(settings_of(data_dir=data_dir, port_base=port_base), by_name=by_name)
    typer.echo("[\n" + ",\n".join(f"  {json.dumps(target)}" for target in found) + "\n]")
