"""The job under measurement: a process, beside a broker of its own."""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from bench.latency.published import Trade, publish
from bench.processes import broker, command
from tests.running import wait_until
from wickstream.config import Settings
from wickstream.stream.parts import Part

START_S = 90.0


class Load(NamedTuple):
    """What was measured while trades were published."""

    began_s: float  # monotonic; what was published before it was to warm up
    cores: float


@dataclass(frozen=True)
class Job:
    """A part of the stream, running."""

    settings: Settings
    process: "subprocess.Popen[bytes]"

    def under_load(self, trades: Iterator[Trade], *, warm_up_s: int, seconds: int) -> Load:
        """Publish at an even rate, first to warm up."""
        publish(self.settings, trades, seconds=warm_up_s)
        began_s = time.monotonic()
        return Load(began_s, self.cores_during(lambda: publish(self.settings, trades, seconds=seconds)))

    def cores_during(self, act: Callable[[], None]) -> float:
        """How many cores the process and its JVM had, in the mean, until `act` returned."""
        began_cpu_s, began_s = self._cpu_s(), time.monotonic()
        act()
        return (self._cpu_s() - began_cpu_s) / (time.monotonic() - began_s)

    def idle_cores(self, *, seconds: float) -> float:
        """The same, while nothing is published."""
        return self.cores_during(lambda: time.sleep(seconds))

    def answers(self) -> bool:
        """Tell whether its queries run."""
        assert self.process.poll() is None, f"the job ended with exit code {self.process.returncode}"
        try:
            with urlopen(f"http://127.0.0.1:{self.settings.port('stream')}/metrics", timeout=2):
                return True
        except URLError:
            return False

    def _cpu_s(self) -> float:
        own = psutil.Process(self.process.pid)
        times = [each.cpu_times() for each in (own, *own.children(recursive=True))]
        return float(sum(used.user + used.system for used in times))


@contextlib.contextmanager
def running_job(part: Part, *, port_base: int) -> Iterator[Job]:
    """The part's queries, running; all is gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "data", port_base=port_base, kafka_bootstrap_servers=None)
        argv = ("stream", part, "--data-dir", str(settings.data_dir))
        with broker(settings), command(settings, *argv) as process:
            job = Job(settings, process)
            wait_until(job.answers, deadline_s=START_S, what="the job")
            yield job
