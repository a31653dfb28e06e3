"""Where contenders meet: one broker, one source, one core for each of them in turn."""

import contextlib
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from urllib.request import urlopen

import psutil

from bench.ingest.cost import Cost, heard
from bench.ingest.frames import Market
from bench.ingest.published import Arrivals
from bench.peers import ROOT
from wickstream.config import Settings

SERVING_CORE, CONTENDER_CORE = 0, 1
SETTLE_S = 3.0  # between being subscribed and the first frame: whatever a start does is over by then
READY_S, DEADLINE_S = 30.0, 90.0


@dataclass(frozen=True)
class Arena:
    """What the contenders of one benchmark share."""

    folder: Path
    settings: Settings  # of the broker; the source is at its port `exchange`
    market: Market

    @property
    def source_port(self) -> int:
        """Of the source's TLS."""
        return self.settings.port("exchange")

    @property
    def certificate(self) -> Path:
        """Of the source; clients trust no other."""
        return self.folder / "certificate.pem"

    def make_certificate(self) -> None:
        """Signed by itself, for a day."""
        key = self.folder / "key.pem"
        ask = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        ask += ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*ask, "-keyout", str(key), "-out", str(self.certificate)], check=True, capture_output=True)
        (self.folder / "both.pem").write_bytes(key.read_bytes() + self.certificate.read_bytes())

    @contextlib.contextmanager
    def source(self, kind: str) -> Iterator[None]:
        """A source that plays frames of this kind, again for each connection."""
        argv = [sys.executable, "-m", "bench.ingest.source", "--kind", kind, "--port", str(self.source_port)]
        argv += ["--market", json.dumps(asdict(self.market)), "--certificate", str(self.folder / "both.pem")]
        with self._started(argv, core=SERVING_CORE, env=self.environment()):
            _until(lambda: self._ask("/api/v3/time") is not None)
            yield

    def from_socket(self, argv: Sequence[str], env: dict[str, str]) -> Cost:
        """What a contender tells that takes all frames off the source and measures itself."""
        with self._started(argv, core=CONTENDER_CORE, env=env, out=subprocess.PIPE) as contender:
            self._wait_for_subscriptions()
            self._ask("/play")
            assert contender.stdout is not None
            return heard(contender.stdout.readline())

    def to_kafka(self, argv: Sequence[str], env: dict[str, str], topics: Sequence[str]) -> tuple[Cost, list[bytes]]:
        """What a process costs that takes all frames off the source and puts one record for each into Kafka."""
        arrivals = Arrivals(self.settings.kafka, topics)
        with contextlib.closing(arrivals), self._started(argv, core=CONTENDER_CORE, env=env) as contender:
            self._wait_for_subscriptions()
            began_cpu_s, began_s = _cpu_s(contender.pid), time.monotonic()
            self._ask("/play")
            values = list(chain.from_iterable(arrivals.values(self.market.trades, deadline_s=DEADLINE_S)))
            cost = Cost(self.market.trades, _cpu_s(contender.pid) - began_cpu_s, time.monotonic() - began_s)
            return cost, values

    def from_memory(self, argv: Sequence[str], env: dict[str, str]) -> Cost:
        """What a contender tells that measures itself."""
        with self._started(argv, core=CONTENDER_CORE, env=env, out=subprocess.PIPE) as contender:
            told, _ = contender.communicate(timeout=DEADLINE_S)
            return heard(told)

    def _wait_for_subscriptions(self) -> None:
        _until(lambda: self._ask("/subscribed") == self.market.symbols)
        time.sleep(SETTLE_S)

    def environment(self, **more: str) -> dict[str, str]:
        """Of a contender: it finds the bench's modules, and trusts the source."""
        trust = {"SSL_CERT_FILE": str(self.certificate), "REQUESTS_CA_BUNDLE": str(self.certificate)}
        return os.environ | more | {"PYTHONPATH": str(ROOT)} | trust

    @contextlib.contextmanager
    def _started(
        self, argv: Sequence[str], *, core: int, env: dict[str, str], out: int | None = None
    ) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.folder / "contenders.log").open("ab") as log:
            process = subprocess.Popen(argv, cwd=self.folder, env=env, stdout=log if out is None else out, stderr=log)
        psutil.Process(process.pid).cpu_affinity([core])  # before it has other threads
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def _ask(self, path: str) -> object:
        context = ssl.create_default_context(cafile=self.certificate)
        try:
            with urlopen(f"https://127.0.0.1:{self.source_port}{path}", timeout=5, context=context) as answer:
                return json.load(answer)
        except OSError:  # not up yet
            return None


def _cpu_s(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def _until(is_so: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + READY_S
    while not is_so():
        if time.monotonic() > ends_s:
            raise TimeoutError(f"not within {READY_S} s")
        time.sleep(0.05)
