"""The job as its supervisor has it: a process."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from wickstream.config import Settings

BATCHES = "wickstream_stream_batch_seconds_count"


class Job:
    """The process, as the supervisor starts it."""

    def __init__(self, settings: Settings, data_dir: Path) -> None:
        command = [sys.executable, "-m", "wickstream", "stream", "--data-dir", str(data_dir)]
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka,
            "LATENESS_HOURS": str(settings.lateness_hours),
            "WICKSTREAM_PORT_BASE": str(settings.port_base),
        }
        self.log = data_dir / f"job-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)
        self.metrics_url = f"http://127.0.0.1:{settings.port('stream')}/metrics"

    def batches(self) -> float:
        """Micro-batches done, -1 while the process does not answer."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(self.metrics_url, timeout=2) as answer:  # noqa: S310 (our own address)
                lines = answer.read().decode().splitlines()
        except OSError:
            return -1
        return next(
            float(line.split()[1]) for line in lines if line.startswith("wickstream_stream_batch_seconds_count")
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
