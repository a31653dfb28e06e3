"""R9: the object store is away, and then answers badly; the lake has each record once all the same."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SettingsMaker
from tests.emptied_topics import empty_topics
from tests.given_records import GivenRecords
from tests.mortal_writer import writing
from tests.running import Launcher, Running, wait_until
from tests.s3_server import ACCESS_KEY, SECRET_KEY, s3_spec
from tests.troubled_server import troubled
from wickstream.bus.topics import create_topics
from wickstream.config import Settings
from wickstream.store.archives import Alerts, Trades
from wickstream.store.tiers import Cold, Hot, Warm

pytestmark = pytest.mark.stack

LAKE = (Cold, Trades, Alerts)
LAKE_NAMES = tuple(tier.name for tier in LAKE)
SHARE = 0.3
MOST_MORE_BYTES = 200_000_000


class Bucket:
    """An S3 of the tests' own, that may be killed."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self.settings = settings
        self._launcher = launcher
        self._running: Running | None = None
        self.start()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = str(self.settings.minio_endpoint).rpartition(":")
        return host, int(port)

    def start(self) -> None:
        """If it does not run."""
        if self._running is None or self._running.process.poll() is not None:
            self._running = self._launcher.start(s3_spec(self.settings, bucket=self.settings.minio_bucket))

    def kill(self) -> None:
        """As `kill -9`."""
        assert self._running is not None
        self._running.kill()


@pytest.fixture(scope="module")
def bucket(launcher: Launcher, make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    """With a server of its own: others share theirs."""
    settings = make_settings(tmp_path_factory.mktemp("s3"))
    keys = {"minio_access_key": ACCESS_KEY, "minio_secret_key": SECRET_KEY, "minio_bucket": "in-trouble"}
    address = {"minio_endpoint": f"127.0.0.1:{settings.port('api')}"}
    return Bucket(type(settings)(**settings.model_dump() | keys | address), launcher)


@pytest.fixture
def given(bucket: Bucket, stores: Settings, kafka: str, symbol: str) -> GivenRecords:
    """Nothing yet, and a lake in the bucket."""
    bucket.start()
    create_topics(kafka)
    empty_topics(kafka)
    names = ("minio_endpoint", "minio_access_key", "minio_secret_key", "minio_bucket")
    lake = {name: getattr(bucket.settings, name) for name in names}
    lake |= {"cold_url": f"s3://{bucket.settings.minio_bucket}/{symbol}", "kafka_bootstrap_servers": kafka}
    return GivenRecords(stores.model_copy(update=lake), symbol)


@pytest.mark.parametrize(
    ("away_s", "pause_s"),
    [
        pytest.param(2.0, 0.2, id="2 s"),
        pytest.param(600.0, 1.0, id="10 min", marks=(pytest.mark.slow, pytest.mark.timeout(1_200))),
    ],
)
def test_while_the_object_store_is_away_the_other_tiers_go_on_and_nothing_is_lost(
    given: GivenRecords, bucket: Bucket, figures: dict[str, Any], away_s: float, pause_s: float
) -> None:
    with writing(given.settings, (Hot, Warm, *LAKE)) as writer:
        given.publish()
        wait_until(given.is_stored, what="all stored")
        before = peak_bytes(writer.pid)
        bucket.kill()
        end_s = time.monotonic() + away_s
        while time.monotonic() < end_s:
            given.publish()
            wait_until(lambda: given.is_stored_in("hot") and given.is_stored_in("warm"), what="hot and warm going on")
            time.sleep(pause_s)
        bucket.start()
        began_s = time.monotonic()
        wait_until(given.is_stored, deadline_s=120, what="all stored")
        figures["whole_s"] = round(time.monotonic() - began_s, 1)
        figures["more_bytes"] = peak_bytes(writer.pid) - before

    given.assert_each_row_is_there_once()
    given.assert_each_offset_is_in_one_commit()
    assert figures["more_bytes"] < MOST_MORE_BYTES


@pytest.mark.parametrize(
    "rounds", [pytest.param(5), pytest.param(60, marks=(pytest.mark.slow, pytest.mark.timeout(900)))]
)
def test_of_an_object_store_that_answers_a_third_with_503_each_record_is_taken_once(
    given: GivenRecords, bucket: Bucket, figures: dict[str, Any], rounds: int
) -> None:
    with troubled(bucket.address, share=SHARE) as door:
        shaky = given.settings.model_copy(update={"minio_endpoint": door.address})
        with writing(shaky, LAKE):
            for _ in range(rounds):
                given.publish()
                wait_until(lambda: all(map(given.is_stored_in, LAKE_NAMES)), deadline_s=120, what="all in the lake")
        figures["refusals"] = dict(door.refusals)

    given.assert_the_lake_holds_each_row_once()
    given.assert_each_offset_is_in_one_commit()
    assert min(door.refusals.values()) > 0


def peak_bytes(pid: int | None) -> int:
    """The largest resident memory a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1_024
