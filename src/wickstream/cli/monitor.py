"""The command that looks how every symbol is."""

from typing import TYPE_CHECKING

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of

if TYPE_CHECKING:
    from wickstream.operate.monitor import Watched


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="The whole stack", epilog="ALERT_SINKS=log,slack wickstream monitor")(monitor)


def monitor(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Look how every symbol is, and tell the sinks of ALERT_SINKS of those that are silent, and heard again.

    Silent: nothing was heard of it for TICKER_STALE_SECONDS, though the exchange trades it. Each is told once, and once
    more a day. Exit code 1 if a store or a sink does not answer; that symbols are silent is no failure of this command.
    """
    from wickstream.config import data_root
    from wickstream.logs import set_up_logging
    from wickstream.operate.monitor import watch
    from wickstream.operate.running import of_the_folder

    settings = of_the_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    set_up_logging("INFO", "json" if as_json else settings.log_format)
    found = watch(settings)
    _show(found, as_json=as_json)
    if found.trouble:
        raise typer.Exit(1)


def _show(found: "Watched", *, as_json: bool) -> None:
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(found))
        return
    for line in found.trouble:
        typer.echo(line, err=True)
    counts = {pulse: sum(one.pulse == pulse for one in found.symbols) for pulse in ("ok", "quiet", "silent", "halted")}
    typer.echo(", ".join(f"{count:,} {pulse}" for pulse, count in counts.items() if count) or "no symbol is known")
    for symbol in found.stale:
        typer.echo(f"  {symbol} is silent")
