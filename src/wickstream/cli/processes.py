"""One command per process: what `up` supervises, and what containers run."""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from wickstream.cli.options import (
    DataDir,
    Json,
    KeepTimes,
    Loop,
    MoreFiles,
    PortBase,
    Replay,
    Speed,
    Symbols,
    files_of,
    settings_of,
)

ColdStarted = Annotated[bool, typer.Option("--cold-started", help="The last hour, for symbols started from nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (exchange, connect, stream, tickers, write, serve, backfill):
        app.command(rich_help_panel="Processes")(command)


def exchange(
    more: MoreFiles = None,
    *,
    replay: Replay = None,
    keep_times: KeepTimes = False,
    loop: Loop = False,
    speed: Speed = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """The local exchange: plays recorded trades over Binance's WebSocket and REST."""
    from wickstream.operate.source import Wish, plan_of

    wish = Wish(files=files_of(replay, more), keep_times=keep_times, loop=loop, speed=speed)
    _run("wickstream.exchange.local.process", data_dir, port_base, plan_of(wish), as_json=as_json)


def connect(
    *, symbols: Symbols = None, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False
) -> None:
    """The connector: the exchange's trades and tickers to Kafka, in order and without holes."""
    _run("wickstream.exchange.connector", data_dir, port_base, symbols=symbols, as_json=as_json)


def stream(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """The Spark job: trades to candles."""
    _run("wickstream.stream.job", data_dir, port_base, as_json=as_json)


def tickers(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """The live lane: last prices and forming candles, in milliseconds."""
    _run("wickstream.store.tickers", data_dir, port_base, as_json=as_json)


def write(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """The storage writer: candles to Redis, PostgreSQL and the Delta table."""
    _run("wickstream.store.writer", data_dir, port_base, as_json=as_json)


def serve(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """The API and the page."""
    _run("wickstream.serve.app", data_dir, port_base, as_json=as_json)


def backfill(
    *,
    cold_started: ColdStarted = False,
    symbols: Symbols = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """The exchange's own candles, where ours do not reach back."""
    from wickstream.errors import Mistake

    if not cold_started:
        raise Mistake("backfill: --cold-started is all there is yet")
    _run("wickstream.operate.backfill", data_dir, port_base, symbols=symbols, as_json=as_json)


def _run(module: str, data_dir: Path | None, port_base: int | None, *plan: Any, as_json: bool, **given: Any) -> None:
    from wickstream.logs import set_up_logging

    named = {"ticker_symbols": given.get("symbols"), "log_format": "json" if as_json else None}
    settings = settings_of(data_dir=data_dir, port_base=port_base, **named)
    set_up_logging(settings.log_level, settings.log_format)
    import_module(module).run(settings, *plan)
