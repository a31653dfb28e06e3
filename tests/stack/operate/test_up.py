"""The whole stack by the command, as a user starts and stops it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from wickstream.operate.supervision.nanny import start_time

pytestmark = pytest.mark.stack

LIMIT_BYTES = 1_500_000_000


class Command:
    """`wickstream` on one data folder, playing the demo."""

    def __init__(self, folder: Path, port_base: int) -> None:
        self.folder, self.port_base = folder, port_base
        self._environment = os.environ | {
            "WICKSTREAM_SOURCE": "demo",
            "WICKSTREAM_DATA_DIR": str(folder),
            "WICKSTREAM_PORT_BASE": str(port_base),
        }

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self._argv(*arguments), env=self._environment, capture_output=True, text=True, timeout=240
        )

    def open(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(self._argv(*arguments), env=self._environment, stdout=subprocess.PIPE, text=True)

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return answer

    def component(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(row for row in self.status()["components"] if row["name"] == name)
        return found

    def pids(self) -> list[int]:
        return [row["pid"] for row in self.status()["components"] if row["pid"]]

    def _argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "wickstream", *arguments]


def await_true(condition: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)


def are_gone(pids: list[int]) -> bool:
    return all(start_time(pid) is None for pid in pids)


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory, port_base: int) -> Iterator[Command]:
    command = Command(tmp_path_factory.mktemp("up"), port_base)
    yield command
    command.run("down")


def test_detached_it_returns_when_everything_is_ready(command: Command) -> None:
    done = command.run("up", "--detach")

    assert done.returncode == 0, done.stderr
    assert "DEMO" in done.stdout
    status = command.status()
    assert status["is_ready"]
    assert {row["state"] for row in status["components"] if row["name"] != "backfill"} == {"ready"}
    with urlopen(f"http://127.0.0.1:{command.port_base}/livez") as answer:
        assert answer.status == 200


def test_the_whole_demo_takes_no_more_memory_than_promised(command: Command) -> None:
    assert 300_000_000 < command.status()["memory_bytes"] <= LIMIT_BYTES


def test_a_second_start_in_the_folder_is_refused(command: Command) -> None:
    done = command.run("up")

    assert done.returncode == 2
    assert "in use by another wickstream" in done.stderr


def test_a_component_that_dies_is_started_again_and_shown(command: Command) -> None:
    os.kill(command.component("write")["pid"], signal.SIGKILL)

    await_true(lambda: command.component("write")["restarts"] == 1, within_s=20)
    await_true(lambda: bool(command.component("write")["state"] == "ready"), within_s=60)


def test_kill_9_of_the_supervisor_leaves_no_orphan_and_no_port_in_use(command: Command) -> None:
    pids = command.pids()
    os.kill(command.component("supervisor")["pid"], signal.SIGKILL)
    await_true(lambda: are_gone(pids), within_s=30)

    done = command.run("up", "--detach")
    assert done.returncode == 0, done.stderr


def test_down_stops_everything_and_says_so(command: Command) -> None:
    pids = command.pids()
    done = command.run("down")

    assert done.returncode == 0, done.stderr
    assert "stopped" in done.stdout
    assert are_gone(pids)
    assert command.run("status").returncode == 3


@pytest.fixture
def foreground(command: Command) -> Iterator["subprocess.Popen[str]"]:
    """`up` in the foreground, ready; stopped at the end whatever the test did."""
    supervisor = command.open("up")
    try:
        await_true(lambda: command.run("status", "--json").returncode == 0, within_s=30)
        await_true(lambda: bool(command.status()["is_ready"]), within_s=90)
        yield supervisor
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(60)
        assert supervisor.stdout is not None
        supervisor.stdout.close()


def test_ctrl_c_stops_everything_in_order(command: Command, foreground: "subprocess.Popen[str]") -> None:
    pids = command.pids()
    foreground.send_signal(signal.SIGINT)
    foreground.send_signal(signal.SIGINT)
    assert foreground.stdout is not None
    output = foreground.stdout.read()

    assert foreground.wait(60) == 0
    assert f"http://127.0.0.1:{command.port_base}/docs" in output
    assert are_gone(pids)
