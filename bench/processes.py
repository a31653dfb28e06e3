"""What benchmarks run beside themselves: a broker with our topics, and our commands as processes."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

import psutil

from tests.running import Launcher
from wickstream.bus.topics import create_topics
from wickstream.config import Settings, child_environment
from wickstream.operate.servers.local import kafka_spec

_STOP_S = 10.0


@contextlib.contextmanager
def broker(settings: Settings) -> Iterator[psutil.Process]:
    """A broker of its own, with our topics."""
    launcher = Launcher()
    try:
        running = launcher.start(kafka_spec(settings))
        create_topics(settings.kafka)
        yield psutil.Process(running.pid)
    finally:
        launcher.close()


@contextlib.contextmanager
def command(settings: Settings, *argv: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`wickstream …`; what it says is in the data folder, in a log by the command's name."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / f"{argv[0]}.log").open("wb") as log:
        whole = [sys.executable, "-m", "wickstream", *argv]
        process = subprocess.Popen(whole, env=child_environment(settings), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_S)
        process.kill()
        process.wait()
