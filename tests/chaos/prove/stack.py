"""The stack as `wickstream up` runs it, on a made-up market, with two connectors that share the symbols."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

import psutil
from pydantic import SecretStr

from tests.chaos.scene import TWINS_PORT, Market
from tests.conftest import IsolatedSettings, free_port_base
from tests.sink_server import SinkServer
from wickstream.config import Settings
from wickstream.exchange.local.market.generator import traded_at_first
from wickstream.exchange.local.market.market_plan import parse_market
from wickstream.operate import launch
from wickstream.operate.servers.local import with_local_addresses
from wickstream.operate.source import Chosen
from wickstream.operate.stack import answers, build_layers
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.operate.supervision.step import Step
from wickstream.operate.supervision.supervisor import Layers, ProcessState, Supervisor, read_state
from wickstream.sink_settings import SinkName
from wickstream.stopping import StopFlag

CONNECTORS = 2
LISTED = 21  # of which one is listed later: 20 are traded from the start on
WHALE_USD, SMALL_WHALE_USD = Decimal(45_000), Decimal(10_600)
RANK_OF_SMALL_WHALES = 8  # the symbol whose single trades reach the threshold
VOLUME_SPIKE_USD, PRICE_SPIKE_PCT = Decimal(10_000_000), Decimal("0.5")

WAITS_FOR_PLAY_S = 30.0
START_S = 900.0

Say = Callable[[str], None]


class Patient(Supervisor):
    """Waits longer for the start: a machine may have other things to do."""

    def start(self, stop: StopFlag, *, deadline_s: float = START_S) -> bool:
        """As the product's own."""
        return super().start(stop, deadline_s=deadline_s)


class KilledStack:
    """What runs in one data folder.

    Attributes:
        settings: with the addresses of its servers.
        stop: set by Ctrl-C, and at the end.
        symbols: those that are followed.
    """

    def __init__(self, folder: Path, market: Market, sink: SinkServer) -> None:
        self._chosen = market.chosen(settings_of(folder, market, sink))
        self._run = folder / "run"
        self.stop = StopFlag()
        self.settings: Settings = self._chosen.settings
        self.symbols = self.settings.named_symbols

    def connect(self) -> None:
        """Once the servers' passwords are there."""
        self.settings = with_local_addresses(self._chosen.settings)

    def run(self, play: Callable[[], None], *, say: Say) -> None:
        """All of it, kept running by the product's own supervisor, while `play` plays in a thread of its own.

        To be called by the main thread. `play` begins before anything runs; see `is_ready`. What it raises is raised
        here.
        """
        failures: list[BaseException] = []

        def playing() -> None:
            try:
                play()
            except BaseException as exc:  # noqa: BLE001 - raised by the main thread
                failures.append(exc)
            finally:
                self.stop.set()

        thread = threading.Thread(target=playing, name="play", daemon=True)
        thread.start()
        with patch.multiple(launch, build_layers=with_two_connectors, Supervisor=Patient):
            launch.run_stack(self._chosen, say=say, on_ready=lambda: None, stop=self.stop)
        thread.join(WAITS_FOR_PLAY_S)
        if failures:
            raise failures[0]

    @property
    def is_ready(self) -> bool:
        """Whether all of it was up at once."""
        state = read_state(self._run)
        return state is not None and state.is_ready

    def processes(self) -> dict[str, ProcessState]:
        """As the supervisor told last, by name."""
        state = read_state(self._run)
        return {} if state is None else {row.name: row for row in state.processes}

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """All but the exchange stand still, as on a laptop that is shut, and know nothing of it."""
        pids = [row.pid for name, row in self.processes().items() if name != "exchange" and row.pid]
        parents = [psutil.Process(pid) for pid in pids]
        everybody = [one for parent in parents for one in (parent, *parent.children(recursive=True))]
        for one in everybody:
            one.suspend()
        try:
            yield
        finally:
            for one in everybody:
                with suppress(psutil.NoSuchProcess):
                    one.resume()

    def kill(self, name: str, *, hits_jvm: bool = False) -> int | None:
        """As `kill -9`, on its JVM if it has one and that is wanted; the pid, None if it does not run just now."""
        pid = self.processes()[name].pid
        if pid is None or not psutil.pid_exists(pid):
            return None
        if hits_jvm:
            pid = next((child.pid for child in psutil.Process(pid).children() if "java" in child.name()), pid)
        os.kill(pid, signal.SIGKILL)
        return pid


def settings_of(folder: Path, market: Market, sink: SinkServer) -> Settings:
    """Alerts of all four kinds are to be had, and are told to `sink`."""
    symbols = traded_at_first(parse_market(f"symbols={market.symbols},rate={market.rate},seed={market.seed}"))
    small = symbols[min(RANK_OF_SMALL_WHALES, len(symbols) - 1)]
    return IsolatedSettings(
        data_dir=folder,
        port_base=free_port_base(),
        ticker_symbols=symbols,
        schedule=False,
        cold_commit_seconds=10,
        whale_usd=WHALE_USD,
        alert_thresholds=(f"whale:{small}={SMALL_WHALE_USD}",),
        volume_spike_usd=VOLUME_SPIKE_USD,
        price_spike_pct=PRICE_SPIKE_PCT,
        alert_sinks=(SinkName.WEBHOOK,),
        alert_webhook_url=SecretStr(f"{sink.url}/alerts"),
        alert_allow_private=True,
    )


def with_two_connectors(chosen: Chosen, *, say: Say = lambda _: None) -> Layers:
    """The product's own layers, its connector twice."""
    return [
        [one for part in layer for one in _shared(part, chosen.settings)] for layer in build_layers(chosen, say=say)
    ]


def _shared(part: ProcessSpec | Step, settings: Settings) -> Iterator[ProcessSpec | Step]:
    if not (isinstance(part, ProcessSpec) and part.name == "connect"):
        yield part
        return
    for number in range(CONNECTORS):
        port = settings.port("connector") if number == 0 else settings.port_base + TWINS_PORT
        argv = (*part.argv, f"--shard={number}/{CONNECTORS}", f"--metrics-port={port}")
        yield replace(part, name=f"connect-{number}", argv=argv, is_ready=_answering(port))


def _answering(port: int) -> Callable[[], bool]:
    return lambda: answers("127.0.0.1", port, "/metrics")
