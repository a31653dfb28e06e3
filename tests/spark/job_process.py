"""The job as its supervisor has it: a process."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from wickstream.config import Settings


class Job:
    """The process, as the supervisor starts it."""

    def __init__(self, settings: Settings, data_dir: Path, part: str, *options: str) -> None:
        command = [sys.executable, "-m", "wickstream", "stream", part, "--data-dir", str(data_dir), *options]
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka,
            "LATENESS_HOURS": str(settings.lateness_hours),
            "WICKSTREAM_PORT_BASE": str(settings.port_base),
        }
        self.log = data_dir / f"job-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        port = settings.port("stream-alerts" if part == "alerts" else "stream")
        self.metrics_url = f"http://127.0.0.1:{port}/metrics"

    def batches(self, query: str) -> float:
        """Micro-batches done by a query, -1 while the process does not answer."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(self.metrics_url, timeout=2) as answer:  # noqa: S310 (our own address)
                lines = answer.read().decode().splitlines()
        except OSError:
            return -1
        name = f'wickstream_stream_batch_seconds_count{{query="{query}"}}'
        return next((float(line.split()[1]) for line in lines if line.startswith(name)), -1)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
