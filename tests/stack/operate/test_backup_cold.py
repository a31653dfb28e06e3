"""What docs/backup.md says of a data folder: copied while it rests, it goes on at another place."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SettingsMaker, free_port_base
from tests.running import wait_until
from wickstream.operate.servers.local import with_local_addresses
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.series.frames import SCHEMA
from wickstream.store.warm.bulk import BulkReader

pytestmark = [pytest.mark.stack, pytest.mark.slow]

SPAN = (0, 2**53)
SYMBOL = "BTCUSDT"
LEFT_OUT = ("checkpoints", "redis", "logs", "run", "work", "stream")  # as the page says


class Folder:
    """`wickstream` on one data folder, playing the demo."""

    def __init__(self, folder: Path, make_settings: SettingsMaker) -> None:
        self.settings = make_settings(folder, port_base=free_port_base())
        self._environment = os.environ | {
            "WICKSTREAM_SOURCE": "demo",
            "WICKSTREAM_SCHEDULE": "false",
            "WICKSTREAM_DATA_DIR": str(folder),
            "WICKSTREAM_PORT_BASE": str(self.settings.port_base),
        }

    @contextmanager
    def up(self) -> Iterator[None]:
        """For the time of the block; on a busy machine Spark needs longer than `up --detach` waits."""
        argv = [sys.executable, "-m", "wickstream", "up"]
        with subprocess.Popen(argv, env=self._environment, stdout=subprocess.DEVNULL) as supervisor:
            try:
                yield
            finally:
                supervisor.send_signal(signal.SIGINT)
                assert supervisor.wait(120) == 0

    def run(self, *arguments: str) -> str:
        argv = [sys.executable, "-m", "wickstream", *arguments]
        done = subprocess.run(argv, env=self._environment, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def in_the_lake(self) -> dict[int, str]:
        """Of our own trades, each minute's candle."""
        return self._rows(LakeReader(self.settings).candles(SYMBOL, *SPAN, SCHEMA).to_dicts())

    def in_postgres(self) -> dict[int, str]:
        with closing(BulkReader(with_local_addresses(self.settings))) as warm:
            return self._rows(warm.candles(SYMBOL, *SPAN, SCHEMA).to_dicts())

    def _rows(self, rows: list[dict[str, Any]]) -> dict[int, str]:
        return {row["open_time"]: str(row) for row in rows if row["closed"] and row["origin"] == "trades"}


@pytest.mark.timeout(1_500)
def test_a_copied_folder_goes_on_at_another_place_without_a_lost_or_doubled_trade(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    here = Folder(tmp_path / "here", make_settings)
    with here.up():
        wait_until(lambda: len(here.in_the_lake()) >= 2, deadline_s=600, what="two minutes in the lake")
    shutil.copytree(
        tmp_path / "here", tmp_path / "there", symlinks=True,
        ignore=lambda folder, names: [n for n in names if folder == str(tmp_path / "here") and n in LEFT_OUT],
    )  # fmt: skip
    for file in (tmp_path / "there").rglob("*"):  # as `cp -a` keeps them: PostgreSQL may run as another user
        of = (tmp_path / "here" / file.relative_to(tmp_path / "there")).lstat()
        os.chown(file, of.st_uid, of.st_gid, follow_symlinks=False)
    before = here.in_the_lake()
    shutil.rmtree(tmp_path / "here")

    there = Folder(tmp_path / "there", make_settings)
    with there.up():
        wait_until(lambda: len(there.in_the_lake()) >= len(before) + 2, deadline_s=600, what="two more minutes")
        now = {"lake": there.in_the_lake(), "postgres": there.in_postgres()}
        assert {tier: {at: rows.get(at) for at in before} for tier, rows in now.items()} == dict.fromkeys(now, before)
        assert json.loads(there.run("verify", "--json"))["passed"]
