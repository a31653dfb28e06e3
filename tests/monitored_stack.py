"""The whole stack on a made-up market that can be troubled, each process to be killed and frozen, and a Prometheus."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from tests.chaos.scene import HURRIED, Market
from tests.chaos.truth import Truth
from tests.conftest import SettingsMaker
from tests.prometheus_server import PrometheusServer
from tests.running import Launcher, Running, wait_until
from tests.sink_server import SinkServer, sink_server
from tests.small_disk import SmallDisk, small_disk
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import create_topics
from wickstream.config import Settings, child_environment
from wickstream.operate.servers.local import fetch_servers, with_local_addresses
from wickstream.operate.stack import build_layers
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.scraping import scrape_targets
from wickstream.store.warm.migrations import migrate

SERVERS = ("kafka", "postgres", "redis")
PROCESSES = ("stream", "connect", "tickers", "write", "repair", "serve")
PACE = {"sessions.refill.LONGEST_HOLD_S": 3}  # what is not refilled by then is listed
MARKET = Market(symbols=3, rate=20, speed=2)


class MonitoredStack:
    """Runs as long as the test does.

    Attributes:
        settings: with the addresses of its own servers.
        truth: the exchange, which can be troubled.
        prometheus: what judges it.
        sink: whoever is told of alerts.
        disk, lake_disk: where the data folder and the lake are; None: where no disk may be mounted.
    """

    def __init__(
        self, settings: Settings, sink: SinkServer, disk: SmallDisk | None, lake_disk: SmallDisk | None
    ) -> None:
        chosen = MARKET.chosen(settings)
        self.settings = with_local_addresses(chosen.settings)
        self.sink, self.disk, self.lake_disk = sink, disk, lake_disk
        self._specs = {
            part.name: part for layer in build_layers(chosen) for part in layer if isinstance(part, ProcessSpec)
        }
        self._launcher = Launcher()
        self._running: dict[str, Running] = {}
        self.truth = Truth(chosen.settings)
        self.prometheus = PrometheusServer(
            settings.data_dir / "prometheus",
            port=settings.port("write-sinks"),  # which nothing else takes
            targets=scrape_targets(self.settings),
        )

    def begin(self) -> None:
        """Start all of it."""
        fetch_servers(self.settings, lambda _: None)
        for name in SERVERS:
            self.start(name)
        create_topics(self.settings.kafka)
        migrate(self.settings)
        self._launcher.start(_switchable(self._specs["exchange"]))
        self._specs["connect"] = _hurried(self._specs["connect"])
        started = [self._spawn(name) for name in PROCESSES]
        for running in started:
            wait_until(running.spec.is_ready, deadline_s=120, what=f"{running.spec.name} ready")
        self._launcher.start(self.prometheus.spec)

    def close(self) -> None:
        """Stop all of it; what is frozen is woken first."""
        for running in self._running.values():
            if running.process.poll() is None:
                os.kill(running.pid, signal.SIGCONT)
        self._launcher.close()

    def start(self, name: str) -> None:
        """As the supervisor does after something died."""
        self._running[name] = self._launcher.start(self._specs[name])

    def _spawn(self, name: str) -> Running:
        self._running[name] = self._launcher.spawn(self._specs[name])
        return self._running[name]

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Killed for the time of the block."""
        self._running[name].kill()
        try:
            yield
        finally:
            self.start(name)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stopped in its tracks for the time of the block."""
        self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(name, signal.SIGCONT)

    def signal(self, name: str, number: signal.Signals) -> None:
        """To a process, of the stream to its JVM."""
        process = psutil.Process(self._running[name].pid)
        if name == "stream":
            (process,) = (child for child in process.children() if "java" in child.name())
        process.send_signal(number)

    def publish(self, *records: Record) -> None:
        """To Kafka, as whoever writes there."""
        producer = IdempotentProducer(self.settings.kafka)
        for record in records:
            producer.publish(record)
        producer.flush()

    def asking(self) -> httpx.Client:
        """A client of the API."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.settings.port('api')}", trust_env=False, timeout=30)

    def repair(self) -> None:
        """By hand, as the runbook has it."""
        argv = (sys.executable, "-P", "-m", "wickstream", "repair")
        environment = child_environment(self.settings)
        subprocess.run(argv, env=environment, cwd=self.settings.data_dir, capture_output=True, timeout=180, check=True)


def _switchable(spec: ProcessSpec) -> ProcessSpec:
    return replace(spec, argv=(*spec.argv, "--switchable"))


def _hurried(spec: ProcessSpec) -> ProcessSpec:
    at = spec.argv.index("-m")  # -m wickstream
    return replace(spec, argv=(*spec.argv[:at], str(HURRIED), json.dumps(PACE), *spec.argv[at + 2 :]))


@contextmanager
def monitored(make_settings: SettingsMaker, folder: Path) -> Iterator[MonitoredStack]:
    """All of it, for the time of the block."""
    with ExitStack() as held:
        disk = _mounted(held, folder / "data", megabytes=900)
        lake_disk = _mounted(held, folder / "lake", megabytes=50)
        sink = held.enter_context(sink_server())
        settings = make_settings(
            folder / "data",
            cold_url=f"file:{folder / 'lake' / 'tables'}",
            cold_commit_seconds=2,
            alert_allow_private=True,
            alert_webhook_url=f"{sink.url}/alerts",
            alert_sinks=("webhook",),
        )
        stack = held.enter_context(closing(MonitoredStack(settings, sink, disk, lake_disk)))
        stack.begin()
        yield stack


def _mounted(held: ExitStack, folder: Path, *, megabytes: int) -> SmallDisk | None:
    with suppress(pytest.skip.Exception):
        return held.enter_context(small_disk(folder, megabytes=megabytes))
    return None
