import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.small_children import await_true, story_of, supervised
from wickstream.config import read_settings
from wickstream.errors import Mistake
from wickstream.footprint import memory_of
from wickstream.operate.down import bring_down, find_folder
from wickstream.operate.health import disk_bytes, status_of
from wickstream.operate.supervision.nanny import start_time
from wickstream.operate.supervision.supervisor import read_state


def silent(_: str) -> None:
    return


def test_down_stops_a_running_stack_and_waits_for_its_end(tmp_path: Path) -> None:
    with supervised(tmp_path) as supervisor:
        assert status_of(tmp_path).is_ready
        assert bring_down(tmp_path, say=silent)
        assert supervisor.wait(5) == 0

    assert story_of(tmp_path)[-2:] == ["job stopped", "server stopped"]
    assert not status_of(tmp_path).is_running
    assert not bring_down(tmp_path, say=silent)


def test_down_sweeps_what_is_left_when_supervisor_and_nanny_were_killed(tmp_path: Path) -> None:
    said: list[str] = []
    with supervised(tmp_path) as supervisor:
        state = read_state(tmp_path / "run")
        assert state is not None
        os.kill(state.nanny, signal.SIGKILL)
        supervisor.kill()
    pids = [process.pid for process in state.processes if process.pid]

    assert bring_down(tmp_path, say=said.append)
    assert "server, job" in said[0]
    await_true(lambda: all(start_time(pid) is None for pid in pids))


def test_a_supervisor_that_was_killed_is_not_shown_as_running(tmp_path: Path) -> None:
    with supervised(tmp_path) as supervisor:
        supervisor.kill()

    status = status_of(tmp_path)
    assert not status.is_running
    assert not status.is_ready
    assert {component.state for component in status.components} == {"stopped"}
    bring_down(tmp_path, say=silent)


def test_status_counts_every_process_and_its_memory(tmp_path: Path) -> None:
    with supervised(tmp_path) as supervisor:
        status = status_of(tmp_path)
        supervisor.terminate()

    assert [component.name for component in status.components] == ["server", "job", "supervisor", "nanny"]
    assert all(component.memory_bytes for component in status.components)
    assert status.memory_bytes == sum(component.memory_bytes or 0 for component in status.components)


def test_the_folder_that_runs_is_meant_unless_one_is_named(tmp_path: Path) -> None:
    unnamed = read_settings()
    assert find_folder(unnamed, tmp_path) is None
    for name in ("demo", "live"):
        (tmp_path / name / "run").mkdir(parents=True)
        (tmp_path / name / "run" / "state.json").write_text("{}")
    os.utime(tmp_path / "demo" / "run" / "state.json", ns=(1, 1))

    assert find_folder(unnamed, tmp_path) == tmp_path / "live"  # the last used
    with supervised(tmp_path / "demo") as first:
        assert find_folder(unnamed, tmp_path) == tmp_path / "demo"
        with supervised(tmp_path / "live") as second:
            with pytest.raises(Mistake, match="--data-dir"):
                find_folder(unnamed, tmp_path)
            second.terminate()
        first.terminate()
    assert find_folder(read_settings(data_dir=tmp_path / "mine"), tmp_path) == tmp_path / "mine"


def test_memory_and_disk_of_what_is_gone_are_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert memory_of(process.pid) is None
    assert disk_bytes(tmp_path / "missing") == 0
    (tmp_path / "file").write_bytes(b"x" * 10_000)
    assert disk_bytes(tmp_path) >= 10_000
