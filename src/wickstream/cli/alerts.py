"""`wickstream alerts`: what has to do with telling them."""

import typer

from wickstream.cli import show
from wickstream.cli.options import DataDir, Json, PortBase, settings_of

alerts = typer.Typer(help="Alerts, and the sinks they are told to.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(alerts, name="alerts", rich_help_panel="The whole stack")


@alerts.command("test", epilog="ALERT_SINKS=slack SLACK_WEBHOOK_URL=https://hooks.slack.com/… wickstream alerts test")
def try_sinks(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Send a sample to each sink of ALERT_SINKS and say what it answered. Exit code 1 if one did not take it."""
    from wickstream.logs import set_up_logging
    from wickstream.store.sinks.trial import try_sink

    settings = settings_of(data_dir=data_dir, port_base=port_base, log_format="json" if as_json else None)
    set_up_logging("INFO", settings.log_format)
    rows = [try_sink(name, settings) for name in settings.alert_sinks]
    show.tried(rows, as_json=as_json)
    if not all(row.ok for row in rows):
        raise typer.Exit(1)
