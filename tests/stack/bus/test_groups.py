"""A group asked from outside, whatever happens to the broker meanwhile."""

import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import SettingsMaker
from tests.deleted_records import delete_before
from tests.running import Launcher, wait_until
from wickstream.bus.consumer import Isolation, Place, commit, open_consumer
from wickstream.bus.groups import records_behind
from wickstream.bus.history import History
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import DEAD_LETTERS, PROCESSED_AGGS, create_topics
from wickstream.operate.servers.local import kafka_spec

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

KILLS = 3
ASKING = """
import sys
from wickstream.bus import groups
from wickstream.errors import StoreBusy

groups.ANSWER_SECONDS = 0.5
while True:
    try:
        groups.records_behind(*sys.argv[1:])
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
            wait_until_told(said, "answered")
            broker.kill()
            wait_until_told(said, "busy")
            broker = launcher.start(broker.spec, deadline_s=240)
            assert asking.poll() is None, said.read_text()
        wait_until_told(said, "answered")
    finally:
        asking.kill()
        asking.wait()


def wait_until_told(said: Path, word: str) -> None:
    """Once more."""
    count = said.read_text().count(word)
    wait_until(lambda: said.read_text().count(word) > count, deadline_s=240, what=word)


def test_what_retention_has_deleted_is_not_still_to_be_read(kafka: str) -> None:
    """A partition in which nothing more comes would be behind for ever."""
    create_topics(kafka)
    group = uuid.uuid4().hex
    producer = IdempotentProducer(kafka)
    for _ in range(3):
        producer.publish(Record(DEAD_LETTERS, "a", b"{}"))
    producer.flush()
    with History(kafka) as history:
        ends = {at: end for at, (first, end) in history.bounds(DEAD_LETTERS).items() if first < end}
    with closing(open_consumer(kafka, group=group, instance="one", isolation=Isolation.COMMITTED)) as consumer:
        commit(consumer, {Place(DEAD_LETTERS, at): end - 3 for at, end in ends.items() if end >= 3})

    before = records_behind(kafka, group, DEAD_LETTERS)
    delete_before(kafka, DEAD_LETTERS, ends)

    assert before >= 3
    assert records_behind(kafka, group, DEAD_LETTERS) == 0
