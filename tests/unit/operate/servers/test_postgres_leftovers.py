import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import wait_until
from wickstream.errors import Mistake
from wickstream.operate.servers.postgres_leftovers import living_users, postmaster_pid, remove_stale_pid_file

SLEEPER = "import sys, time; print('up', flush=True); time.sleep(60)"


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process called postgres that works in the data folder, as the server's processes do."""
    program = tmp_path.parent / f"postgres-{tmp_path.name}"
    program.symlink_to(sys.executable)
    process = subprocess.Popen([program, "-I", "-S", "-c", SLEEPER], cwd=tmp_path, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def pid_file(folder: Path, pid: int) -> Path:
    file = folder / "postmaster.pid"
    file.write_text(f"{pid}\n{folder}\n1700000000\n5432\n\n127.0.0.1\n  1234 5\nready\n")
    return file


@pytest.mark.parametrize(("text", "pid"), [("4711\n/data\n", 4711), ("", None), ("garbage\n1\n", None)])
def test_the_pid_is_the_first_line(text: str, pid: int | None) -> None:
    assert postmaster_pid(text) == pid


def test_without_a_file_there_is_nothing_to_do(tmp_path: Path) -> None:
    remove_stale_pid_file(tmp_path)


def test_the_file_of_a_pid_that_is_another_program_by_now_is_removed(tmp_path: Path) -> None:
    file = pid_file(tmp_path, os.getpid())
    remove_stale_pid_file(tmp_path)
    assert not file.exists()


def test_the_file_of_a_zombie_is_removed(tmp_path: Path, impostor: "subprocess.Popen[bytes]") -> None:
    file = pid_file(tmp_path, impostor.pid)
    impostor.kill()  # and nobody reaps it yet
    wait_until(lambda: not living_users(tmp_path), what="the process dead")
    remove_stale_pid_file(tmp_path)
    assert not file.exists()


def test_the_file_of_a_living_server_stays_and_is_a_mistake(
    tmp_path: Path, impostor: "subprocess.Popen[bytes]"
) -> None:
    file = pid_file(tmp_path, impostor.pid)
    with pytest.raises(Mistake, match=str(impostor.pid)):
        remove_stale_pid_file(tmp_path)
    assert file.exists()
