"""A group asked from outside, whatever happens to the broker meanwhile."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SettingsMaker
from tests.running import Launcher, wait_until
from wickstream.bus.topics import PROCESSED_AGGS, create_topics
from wickstream.operate.servers.local import kafka_spec

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

KILLS = 3
ASKING = """
import sys
from wickstream.bus.groups import records_behind
from wickstream.errors import StoreBusy

while True:
    try:
        records_behind(*sys.argv[1:])
    except StoreBusy:
        print("busy", flush=True)
    else:
        print("answered", flush=True)
"""


def test_who_asks_while_the_broker_is_killed_and_comes_back_is_told_that_it_is_busy_and_lives(
    launcher: Launcher, make_settings: SettingsMaker, tmp_path: Path
) -> None:
    settings, said = make_settings(tmp_path / "data"), tmp_path / "said.txt"
    broker = launcher.start(kafka_spec(settings), deadline_s=240)
    create_topics(settings.kafka)
    with said.open("wb") as out:
        argv = [sys.executable, "-c", ASKING, settings.kafka, "nobody", PROCESSED_AGGS]
        asking = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT)
    try:
        for _ in range(KILLS):
            count = said.read_text().count("answered")
            wait_until(lambda: said.read_text().count("answered") > count, deadline_s=240, what="an answer")  # noqa: B023
            broker.kill()
            broker = launcher.start(broker.spec, deadline_s=240)
            assert asking.poll() is None, said.read_text()
        count = said.read_text().count("answered")
        wait_until(lambda: said.read_text().count("answered") > count, deadline_s=240, what="an answer")
    finally:
        asking.kill()
        asking.wait()
    assert "busy" in said.read_text()
