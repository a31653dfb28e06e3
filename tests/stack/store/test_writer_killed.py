"""R3: the writer killed before, within and after each call that it makes; each record is stored once all the same."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from multiprocessing.context import ForkServerProcess
from typing import Any

import pytest

from tests.emptied_topics import empty_topics
from tests.given_records import GivenRecords
from tests.interception import Line, Moment
from tests.mortal_writer import start_writer
from tests.running import wait_until
from wickstream.bus.topics import create_topics
from wickstream.config import Settings
from wickstream.store.archives import Alerts, Trades
from wickstream.store.tiers import Cold, Hot, Warm

pytestmark = pytest.mark.stack

# Where a tier's one write becomes durable, and what it sends before; the offsets move after it.
CALLS = {
    "hot": (Hot, "redis", (rb"EVALSHA",)),
    "warm": (Warm, "postgres", (rb"INSERT INTO candles", rb"COMMIT")),
    "cold": (Cold, "s3", (rb"^PUT \S*/candles/\S*parquet", rb"^PUT \S*/candles/_delta_log/\S*json")),
    "cold-trades": (Trades, "s3", (rb"^PUT \S*/trades/\S*parquet", rb"^PUT \S*/trades/_delta_log/\S*json")),
    "cold-alerts": (Alerts, "s3", (rb"^PUT \S*/alerts/\S*parquet", rb"^PUT \S*/alerts/_delta_log/\S*json")),
}
TIERS = tuple(tier for tier, _server, _calls in CALLS.values())


class Stage:
    """A writer between lines that can be cut."""

    def __init__(self, given: GivenRecords, lines: dict[str, Line]) -> None:
        self.given = given
        self.lines = lines
        ports = {"redis_port": lines["redis"].port, "postgres_port": lines["postgres"].port}
        bucket = {"minio_endpoint": f"127.0.0.1:{lines['s3'].port}"}
        self._between = given.settings.model_copy(update=ports | bucket)

    def start(self, tiers: Sequence[Any] = TIERS, **options: Any) -> ForkServerProcess:
        """A writer that knows the lines only."""
        return start_writer(self._between, tiers, **options)


@pytest.fixture
def stage(stores: Settings, s3: Settings, kafka: str, symbol: str) -> Iterator[Stage]:
    """With a bucket for a lake, and topics that are empty."""
    create_topics(kafka)
    empty_topics(kafka)
    bucket = {name: getattr(s3, name) for name in ("minio_endpoint", "minio_access_key", "minio_secret_key")}
    bucket |= {"cold_url": f"s3://{s3.minio_bucket}/{symbol}", "kafka_bootstrap_servers": kafka}
    settings = stores.model_copy(update=bucket)
    redis_port = settings.redis_port if settings.redis_host else settings.port("redis")
    host, _, s3_port = str(s3.minio_endpoint).rpartition(":")
    servers = {
        "redis": (settings.redis_host or host, redis_port),
        "postgres": (settings.postgres_host or host, settings.postgres_port),
        "s3": (host, int(s3_port)),
    }
    with ExitStack() as open_lines:
        lines = {name: open_lines.enter_context(Line(server)) for name, server in servers.items()}
        yield Stage(GivenRecords(settings, symbol), lines)


def dies(stage: Stage, server: str, call: bytes, moment: Moment) -> None:
    """It is killed at that moment of that call."""
    process = stage.start()
    stage.lines[server].intercept(call, moment, process.kill)
    process.join(30)
    assert process.exitcode == -9, f"{call!r} was never made"


def dies_at_its_offsets(stage: Stage, tier: str, moment: Moment) -> None:
    process = stage.start(dies_at_offsets=(tier, moment))
    process.join(30)
    assert process.exitcode == -9, "no offset ever moved"


def lives_and_stores_all(stage: Stage) -> None:
    process = stage.start()
    wait_until(stage.given.is_stored, what="all stored")
    process.terminate()
    process.join(10)
    assert process.exitcode == 0
    stage.given.assert_each_row_is_there_once()


def test_killed_around_the_write_of_each_tier_it_stores_each_record_once(stage: Stage) -> None:
    stage.given.publish()
    lives_and_stores_all(stage)  # the tables are there
    for _maker, server, calls in CALLS.values():
        stage.given.publish()
        dies(stage, server, calls[-1], Moment.AFTER)
    stage.given.publish()
    dies(stage, "s3", CALLS["cold"][2][0], Moment.HALFWAY)
    stage.given.publish()
    dies_at_its_offsets(stage, "warm", Moment.BEFORE)

    lives_and_stores_all(stage)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("tier", CALLS)
def test_killed_at_any_moment_of_a_write_it_stores_each_record_once(stage: Stage, tier: str) -> None:
    _maker, server, calls = CALLS[tier]
    stage.given.publish()
    lives_and_stores_all(stage)
    for call in calls:
        for moment in Moment:
            stage.given.publish()
            dies(stage, server, call, moment)
    for moment in (Moment.BEFORE, Moment.AFTER):
        stage.given.publish()
        dies_at_its_offsets(stage, tier, moment)
        stage.given.publish()

    lives_and_stores_all(stage)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("tier", CALLS)
@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("s3", ["s3proxy"], indirect=True)
def test_killed_at_every_call_one_after_the_other_it_stores_each_record_once(
    stage: Stage, tier: str, moment: Moment
) -> None:
    maker, server, _calls = CALLS[tier]
    for number in count(1):
        stage.given.publish()
        running: list[ForkServerProcess] = []
        stage.lines[server].intercept(rb"", moment, lambda: running[0].kill(), number=number)  # noqa: B023
        running.append(stage.start((maker,)))
        wait_until(lambda: not running[0].is_alive() or stage.given.is_stored_in(tier), what="killed, or all stored")  # noqa: B023
        if stage.lines[server].let_pass():
            break
        running[0].join(10)
    running[0].terminate()
    running[0].join(10)

    lives_and_stores_all(stage)
