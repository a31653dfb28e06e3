import subprocess
import sys
from pathlib import Path

from wickstream.operate.backfill.download_folder import download_folder

# Puts a file into its folder, says so, and stays.
HOLDS = """
import pathlib, sys, time
from wickstream.operate.backfill.download_folder import download_folder
with download_folder(pathlib.Path(sys.argv[1])) as folder:
    (folder / "day.zip").write_bytes(b"much")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_it_is_gone_with_the_block(tmp_path: Path) -> None:
    with download_folder(tmp_path) as folder:
        (folder / "day.zip").write_bytes(b"much")
    assert not folder.exists()


def test_what_a_killed_run_left_goes_with_the_next_and_what_is_in_use_stays(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with download_folder(tmp_path):
            assert (theirs / "day.zip").exists()
        other.kill()
    with download_folder(tmp_path) as ours:
        assert not theirs.exists()
        assert ours.is_dir()
