"""One command per process: what `up` supervises, and what containers run."""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wickstream.cli.options import (
    DataDir,
    Generate,
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

if TYPE_CHECKING:
    from wickstream.config import Settings

Shard = Annotated[str | None, typer.Option("--shard", metavar="I/N", help="This one of so many: 0/3, 1/3 or 2/3.")]
MetricsPort = Annotated[
    int | None,
    typer.Option("--metrics-port", min=1, max=65_535, help="For /metrics, where several of a kind share a machine."),
]
Ensure = Annotated[bool, typer.Option("--ensure", help="Only where no other does it; else say who does, and end.")]
Available = Annotated[bool, typer.Option("--available", help="Work off what is there, and end.")]
Faults = Annotated[
    Path | None, typer.Option("--faults", metavar="FILE", help="What goes wrong, and when: TOML or JSON.")
]
Switchable = Annotated[bool, typer.Option("--switchable", help="Let GET, POST and DELETE /faults switch faults.")]
TlsCert = Annotated[Path | None, typer.Option("--tls-cert", metavar="FILE", help="Speak https and wss.")]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="The certificate's key, if apart.")]
StreamPart = Annotated[Literal["candles", "alerts", "all"], typer.Argument(help="Which of its queries.")]
WriterParts = Annotated[
    list[str] | None,
    typer.Option(
        "--tier",
        metavar="hot|warm|cold|sinks",
        help="Only this one; may be repeated. sinks: all that tell people of alerts.",
    ),
]

_AS_USUAL: Mapping[str, bool] = {}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (exchange, connect, stream, tickers, write, serve):
        app.command(rich_help_panel="Processes")(command)


def exchange(
    more: MoreFiles = None,
    *,
    replay: Replay = None,
    keep_times: KeepTimes = False,
    loop: Loop = False,
    speed: Speed = None,
    generate: Generate = None,
    faults: Faults = None,
    switchable: Switchable = False,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """The local exchange: plays recorded or made-up trades over Binance's WebSocket and REST.

    Things go wrong on it by a script: `exchange --faults night.toml`, a file such as

    seed = 7
    rules = { life_seconds = 30, ping_seconds = 2 }
    faults = [
      { fault = "stall", streams = ["btcusdt@trade"], after_s = 10, for_s = 3 },
      { fault = "close", code = 1006, after_s = 20, every_s = 5, times = 10 },
    ]

    or while it runs: `exchange --switchable`, then
    `curl -d '{"fault": "drop", "share": 0.1, "for_s": 5}' localhost:8005/faults`
    """
    from wickstream.exchange.local.faults.conditions import conditions_of
    from wickstream.operate.source import Wish, plan_of

    conditions = conditions_of(faults=faults, switchable=switchable, tls_cert=tls_cert, tls_key=tls_key)
    wish = Wish(files=files_of(replay, more), keep_times=keep_times, loop=loop, speed=speed, generate=generate)
    _run("wickstream.exchange.local.process", data_dir, port_base, plan_of(wish), conditions, as_json=as_json)


def connect(
    *,
    symbols: Symbols = None,
    shard: Shard = None,
    ensure: Ensure = False,
    metrics_port: MetricsPort = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """The connector: the exchange's trades and tickers to Kafka, in order and without holes.

    Several share the symbols, each symbol in one of them: `connect --shard 0/2` and `connect --shard 1/2`.

    One that is started takes over from the one that runs, on whatever host. With --ensure it does not: where one runs,
    it says so and ends with exit code 0, within seconds or when it is taken over from.
    """
    _run(
        "wickstream.exchange.connector",
        data_dir,
        port_base,
        how={"ensure": ensure},
        as_json=as_json,
        ticker_symbols=symbols,
        connector_shard=shard,
        connector_metrics_port=metrics_port,
    )


def stream(
    part: StreamPart = "all",
    *,
    ensure: Ensure = False,
    available: Available = False,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """The Spark job: trades to candles and alerts.

    Both in one process, as under `up`, or each in one of its own: `stream candles` and `stream alerts`.

    One that is started waits until the one that runs ends, on whatever host. With --ensure it does not wait: what
    others run is left to them, and where they run all of it, it says so and ends with exit code 0. `stream --ensure
    --available` is for those who keep no stream running: every few minutes, it works off what has come.
    """
    from wickstream.stream.parts import Part

    how = {"ensure": ensure, "is_bounded": available}
    _run("wickstream.stream.job", data_dir, port_base, Part(part), as_json=as_json, how=how)


def tickers(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """The live lane: last prices and forming candles, in milliseconds."""
    _run("wickstream.store.lane.tickers", data_dir, port_base, as_json=as_json)


def write(
    *,
    tier: WriterParts = None,
    metrics_port: MetricsPort = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """The storage writer: candles to Redis, PostgreSQL and the lake, trades to the lake, alerts to stores and sinks.

    All in one process, as under `up`, or apart: `write --tier hot --tier sinks`, `write --tier warm` (which keeps the
    ledger too) and `write --tier cold`. Two of the same tier share its partitions; the second on a machine needs a
    --metrics-port of its own.
    """
    from wickstream.store.parts import parts_of

    _run("wickstream.store.writer", data_dir, port_base, parts_of(tier or ()), metrics_port, as_json=as_json)


def serve(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """The API and the page."""
    _run("wickstream.serve.app", data_dir, port_base, as_json=as_json)


def _run(
    module: str,
    data_dir: Path | None,
    port_base: int | None,
    *plan: Any,
    as_json: bool,
    how: Mapping[str, bool] = _AS_USUAL,
    **given: Any,
) -> None:
    from wickstream.errors import Held
    from wickstream.logs import set_up_logging
    from wickstream.memory import give_back

    log_format = "json" if as_json else None
    settings = settings_of(data_dir=data_dir, port_base=port_base, log_format=log_format, **given)
    set_up_logging(settings.log_level, settings.log_format)
    if how.get("ensure"):  # asked for by hand or by a schedule: of the stack that is meant
        settings = _of_the_folder(settings)
    process = import_module(module)
    give_back()
    try:
        process.run(settings, *plan, **how)
    except Held as exc:
        typer.echo(json.dumps({"held": exc.holders}) if as_json else f"nothing to do: {exc}")


def _of_the_folder(settings: "Settings") -> "Settings":
    from wickstream.config import data_root
    from wickstream.operate.running import of_the_folder

    return of_the_folder(settings, data_root())
