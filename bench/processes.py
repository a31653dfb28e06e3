"""What benchmarks run beside themselves: a broker with our topics, and our commands as processes."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.running import Launcher
from wickstream.bus.topics import create_topics
from wickstream.config import Settings, child_environment
from wickstream.operate.servers.local import kafka_spec, postgres_spec, redis_spec, with_local_addresses

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


@dataclass(frozen=True)
class Servers:
    """All three, and the settings by which they are found."""

    settings: Settings
    processes: Mapping[str, psutil.Process]


@contextlib.contextmanager
def servers(settings: Settings) -> Iterator[Servers]:
    """Kafka with our topics, PostgreSQL without a table, Redis, all of its own and empty."""
    launcher = Launcher()
    specs = {"Kafka": kafka_spec(settings), "PostgreSQL": postgres_spec(settings), "Redis": redis_spec(settings)}
    try:
        running = {name: psutil.Process(launcher.start(spec).pid) for name, spec in specs.items()}
        create_topics(settings.kafka)
        yield Servers(with_local_addresses(settings), running)
    finally:
        launcher.close()


def cpu_s(process: psutil.Process) -> float:
    """What it has used so far, and what its children have."""
    used = process.cpu_times()
    children = [child.cpu_times() for child in process.children(recursive=True)]
    ended = used.children_user + used.children_system
    return float(used.user + used.system + ended + sum(child.user + child.system for child in children))


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


@contextlib.contextmanager
def running_stack(root: Path, port_base: int, name: str, *options: str) -> Iterator[float]:
    """`wickstream up`, with a folder of its own; gives the seconds from the command to ready."""
    folder = root / name
    is_named = any(option.startswith(("--replay", "--generate")) for option in options)
    base = ["env", *(() if is_named else ("WICKSTREAM_SOURCE=demo",)), sys.executable, "-m", "wickstream"]
    began = time.monotonic()
    flags = [f"--data-dir={folder}", f"--port-base={port_base}"]
    subprocess.run([*base, "up", "--detach", *flags, *options], check=True, stdout=subprocess.DEVNULL)
    try:
        yield time.monotonic() - began
    finally:
        subprocess.run([*base, "down", flags[0]], check=True, stdout=subprocess.DEVNULL)
