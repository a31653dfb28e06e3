"""`wickstream schedule --run`, as a process."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.running import wait_until
from wickstream.operate.schedule import JOBS
from wickstream.operate.supervision.schedule import read_jobs


def test_the_schedule_is_kept_by_itself_and_by_one_process_of_a_folder(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "wickstream", "schedule", "--run", f"--data-dir={tmp_path}"]
    keeper = subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: bool(read_jobs(tmp_path / "run")), what="the jobs are known")
        second = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
        assert (second.returncode, str(keeper.pid) in second.stderr) == (2, True)
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(30) == 0
    finally:
        keeper.kill()
        keeper.wait()
    assert [job.name for job in read_jobs(tmp_path / "run")] == [job.name for job in JOBS if job.when]
