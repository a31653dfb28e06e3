"""Commands for who starts the processes otherwise than by `up`: containers, clusters, machines without network."""

import json
from pathlib import Path
from typing import Annotated

import typer

from wickstream.cli import show
from wickstream.cli.options import DataDir, Json, PortBase, settings_of

Airflow = Annotated[bool, typer.Option("--airflow", help="Airflow's environment (250 MB) too, for `--airflow`.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where they are kept; made if need be.")]
Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for servers that do not answer.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel="Processes", epilog="wickstream prepare --patience 120")(prepare)
    app.command(rich_help_panel="Processes", epilog="wickstream secrets /run/wickstream/secrets")(secrets)
    app.command(rich_help_panel="Processes", epilog="wickstream fetch")(fetch)


def prepare(
    *, patience: Patience = 60.0, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False
) -> None:
    """Make the topics in Kafka and the tables in PostgreSQL that are not there yet, as `up` does by itself."""
    from wickstream.operate.prepare import prepare

    settings = settings_of(data_dir=data_dir, port_base=port_base)
    prepare(settings, patience_s=patience, tell=lambda line: None if as_json else typer.echo(line))
    if as_json:
        typer.echo(json.dumps({"prepared": True}))


def secrets(folder: Folder, *, as_json: Json = False) -> None:
    """Make a random secret for each server, a file each; what is there stays.

    Every command reads them with `WICKSTREAM_SECRETS_DIR=FOLDER`. Servers read the same files, so the folder must be
    where only they can see it.
    """
    from wickstream.operate.servers.secret_files import make_secrets

    made = make_secrets(folder)
    typer.echo(json.dumps(made) if as_json else f"made: {', '.join(made) or 'nothing, all are there'}")


def fetch(
    *, airflow: Airflow = False, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False
) -> None:
    """Fetch the jars that the stream needs into the cache folder, as its first start would."""
    from wickstream.jvm.jars import spark_jars
    from wickstream.operate.airflow.environment import airflow_environment

    settings = settings_of(data_dir=data_dir, port_base=port_base)
    say = show.silent if as_json else show.say
    jars = spark_jars(settings, on_progress=say)
    if airflow:
        airflow_environment(settings, say)
    typer.echo(json.dumps([str(jar) for jar in jars]) if as_json else f"{len(jars)} jars in {jars[0].parent}")
