import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wickstream.errors import Mistake
from wickstream.operate.supervision.nanny import parse, start_time, stop_all
from wickstream.operate.supervision.pids import forget_pid, holder_of, locked, sweep, write_pid

SLEEPER = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]


def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(SLEEPER, start_new_session=True)


def test_a_line_that_is_no_entry_is_passed_over() -> None:
    assert parse("12 345 15\n") == (12, "345", 15)
    assert parse("12 345") is None
    assert parse("twelve 345 15") is None


def test_the_dead_that_nobody_reaped_have_no_start_time() -> None:
    child = sleeper()
    started = start_time(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert started is not None
    assert start_time(child.pid) is None  # a zombie now
    child.wait()
    assert start_time(child.pid) is None


def test_a_sweep_stops_what_was_left_behind_and_forgets_it(tmp_path: Path) -> None:
    with sleeper() as child:
        write_pid(tmp_path, "kafka", (child.pid, start_time(child.pid) or "", signal.SIGTERM))

        assert sweep(tmp_path) == ["kafka"]
        assert child.wait(5) == -signal.SIGTERM
    assert list(tmp_path.glob("*.pid")) == []


def test_a_sweep_leaves_a_process_alone_that_only_has_the_same_pid(tmp_path: Path) -> None:
    with sleeper() as child:
        write_pid(tmp_path, "kafka", (child.pid, "1", signal.SIGTERM))

        assert sweep(tmp_path) == []
        assert child.poll() is None
        child.kill()


def test_a_sweep_takes_the_last_started_first(tmp_path: Path) -> None:
    children = [sleeper(), sleeper()]
    for age, child in enumerate(children):
        write_pid(tmp_path, f"p{age}", (child.pid, start_time(child.pid) or "", signal.SIGTERM))
        os.utime(tmp_path / f"p{age}.pid", ns=(age, age))

    assert sweep(tmp_path) == ["p0", "p1"]
    assert [child.wait(5) for child in children] == [-signal.SIGTERM] * 2


def test_what_does_not_stop_is_killed_with_its_group() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    with subprocess.Popen([*SLEEPER[:-1], code], start_new_session=True, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        stop_all([(child.pid, start_time(child.pid) or "", signal.SIGTERM)], grace_s=0.2)

        assert child.wait(5) == -signal.SIGKILL


def test_a_forgotten_pid_leaves_no_file(tmp_path: Path) -> None:
    write_pid(tmp_path, "job", (1, "2", 15))
    forget_pid(tmp_path, "job")
    forget_pid(tmp_path, "job")

    assert list(tmp_path.iterdir()) == []


def test_a_second_supervisor_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with locked(run):
        assert holder_of(run) == os.getpid()
        with pytest.raises(Mistake, match=rf"pid {os.getpid()}.*wickstream down.*--data-dir"), locked(run):
            pass
    assert holder_of(run) is None


def test_a_folder_never_used_is_held_by_nobody(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "run") is None


def test_a_folder_that_cannot_be_written_to_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Mistake, match="cannot be written to"), locked(tmp_path / "file" / "run"):
        pass
