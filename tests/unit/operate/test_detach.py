import os
import signal
import sys
from pathlib import Path

import pytest

from tests.small_children import await_true
from wickstream.errors import Mistake, StartFailed
from wickstream.operate.detach import start_detached
from wickstream.operate.supervision.nanny import start_time

HEAD = """
import os, pathlib, sys, time
fd = int(sys.argv[1].removeprefix("--report-fd="))
"""


def start(folder: Path, code: str, said: list[str]) -> None:
    start_detached([sys.executable, "-c", HEAD + code], env=os.environ, data_dir=folder, say=said.append)


def test_the_starter_returns_when_the_supervisor_is_ready_and_lets_it_live(tmp_path: Path) -> None:
    said: list[str] = []
    note = tmp_path / "pid"
    code = f"pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n"
    start(tmp_path, code + "os.write(fd, b'fetching\\nready\\n'); time.sleep(60)", said)

    pid = int(note.read_text())
    assert said == ["fetching"]
    assert start_time(pid) is not None
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGKILL)
    await_true(lambda: start_time(pid) is None)


def test_a_mistake_during_the_start_is_the_starters_too(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"^port 8000 \(api\) is in use$"):
        start(tmp_path, "print('wickstream: port 8000 (api) is in use', file=sys.stderr); sys.exit(2)", [])


def test_any_other_end_of_the_start_is_told_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match=r"kafka \(ended.*supervisor\.log"):
        start(tmp_path, "sys.exit('wickstream: kafka (ended with exit code 1)')", [])
    with pytest.raises(StartFailed, match=r"ended with exit code -9"):
        start(tmp_path, "os.kill(os.getpid(), 9)", [])


def test_a_folder_that_cannot_be_made_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Mistake, match="choose another --data-dir"):
        start(tmp_path / "file", "", [])
