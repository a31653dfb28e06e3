"""The `wickstream` command. What a command needs is imported inside it, so that each process loads only its own."""

import sys
from io import TextIOWrapper

import typer

from wickstream.cli import (
    alerts,
    backfill,
    export,
    keys,
    lifecycle,
    monitor,
    prepare,
    processes,
    rebuild,
    repair,
    ship,
    stack,
    symbols,
    targets,
    validate,
    verify,
)
from wickstream.errors import EXIT_FENCED, EXIT_MISTAKE, Fenced, Mistake, WickstreamError

app = typer.Typer(
    name="wickstream",
    help="Exact candles from Binance trades, with the proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
stack.register(app)
processes.register(app)
repair.register(app)
backfill.register(app)
symbols.register(app)
alerts.register(app)
keys.register(app)
validate.register(app)
monitor.register(app)
export.register(app)
rebuild.register(app)
verify.register(app)
lifecycle.register(app)
ship.register(app)
targets.register(app)
prepare.register(app)


def main() -> None:
    """Run a command; what is the operator's to mend is one line on standard error."""
    if isinstance(sys.stdout, TextIOWrapper):  # symbols come in any script, terminals in fewer
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except Mistake as exc:
        _end(exc, EXIT_MISTAKE)
    except Fenced as exc:
        _end(exc, EXIT_FENCED)
    except WickstreamError as exc:
        _end(exc, 1)


def _end(exc: WickstreamError, code: int) -> None:
    typer.echo(f"wickstream: {exc}", err=True)
    sys.exit(code)
