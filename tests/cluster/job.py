"""The product's own job on a cluster, as a process; and started again when it died, as its supervisor does."""

import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from tests.running import wait_until
from wickstream.config import Settings, child_environment

_COMMAND = (sys.executable, "-P", "-m", "wickstream", "stream", "candles")


class Job:
    """`wickstream stream candles`, or another command, with exactly these settings."""

    def __init__(
        self, settings: Settings, *, command: Sequence[str] = _COMMAND, environment: Mapping[str, str] | None = None
    ) -> None:
        self._settings = settings
        self._command = command
        self._environment = child_environment(settings) | dict(environment or {})
        self.deaths = 0
        self.process = self._start()

    def __enter__(self) -> "Job":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()

    @property
    def log(self) -> Path:
        """What it said, over all its lives."""
        return self._settings.data_dir / "job.log"

    def rows(self) -> int:
        """Records taken in by its present life; starts it again if it died."""
        if self.process.poll() is not None:
            self.deaths += 1
            assert self.deaths < 4, self.log.read_text("utf-8")[-6_000:]
            self.process = self._start()
        return int(sum(self._samples("wickstream_stream_rows_total")))

    def wait_for_rows(self, rows: int, *, deadline_s: float) -> None:
        wait_until(lambda: self.rows() >= rows, deadline_s=deadline_s, what=f"{rows} records taken in")

    def cpu_seconds(self) -> float:
        """Of the process and its JVM, so far."""
        own = psutil.Process(self.process.pid)
        times = [each.cpu_times() for each in (own, *own.children(recursive=True))]
        return float(sum(each.user + each.system for each in times))

    def _start(self) -> "subprocess.Popen[bytes]":
        self._settings.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log,
                cwd=self._settings.data_dir, start_new_session=True,
            )  # fmt: skip

    def _samples(self, name: str) -> list[float]:
        url = f"http://127.0.0.1:{self._settings.port('stream')}/metrics"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return []
        return [float(line.split()[-1]) for line in lines if line.startswith(name)]
