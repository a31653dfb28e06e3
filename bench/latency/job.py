"""The job under measurement: a process, beside a broker of its own."""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from tests.running import Launcher, wait_until
from wickstream.bus.topics import create_topics
from wickstream.config import Settings, child_environment
from wickstream.operate.servers.local import kafka_spec
from wickstream.stream.parts import Part

START_S, STOP_S = 90.0, 10.0


@dataclass(frozen=True)
class Job:
    """A part of the stream, running."""

    settings: Settings
    process: "subprocess.Popen[bytes]"

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
    with (
        tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder,
        _broker(Path(folder), port_base) as settings,
        _process(settings, part) as process,
    ):
        job = Job(settings, process)
        wait_until(job.answers, deadline_s=START_S, what="the job")
        yield job


@contextlib.contextmanager
def _broker(folder: Path, port_base: int) -> Iterator[Settings]:
    settings = Settings(data_dir=folder / "data", port_base=port_base, kafka_bootstrap_servers=None)
    launcher = Launcher()
    try:
        launcher.start(kafka_spec(settings))
        create_topics(settings.kafka)
        yield settings
    finally:
        launcher.close()


@contextlib.contextmanager
def _process(settings: Settings, part: Part) -> Iterator["subprocess.Popen[bytes]"]:
    argv = [sys.executable, "-m", "wickstream", "stream", part, "--data-dir", str(settings.data_dir)]
    with (settings.data_dir.parent / "stream.log").open("wb") as log:
        process = subprocess.Popen(argv, env=child_environment(settings), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        process.kill()
        process.wait()
