"""R2: Spark killed at named points of a batch, its checkpoint cut short, and deleted: the tiers hold the same."""

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.conftest import SettingsMaker
from tests.emptied_topics import empty_topics
from tests.mortal_writer import writing
from tests.running import wait_until
from tests.spark.batch_points import PATIENCE_S, Kill, Point, batches_in, cut_in_half, is_hit
from tests.spark.decimal_oracle import oracle
from tests.spark.job_process import Job
from tests.spark.job_topics import messages, publish
from tests.spark.published_market import captured, mark_values, told_of
from tests.tier_contents import TIERS, Contents, contents_of
from wickstream.bus.codec import decode
from wickstream.bus.groups import records_behind
from wickstream.bus.topics import MINUTE_MARKS, PROCESSED_AGGS, RAW_TRADES, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.store.hot.hour import open_client
from wickstream.store.tiers import Cold, Hot, Warm
from wickstream.store.warm.database import conninfo

pytestmark = [pytest.mark.spark, pytest.mark.stack, pytest.mark.timeout(1_200)]

CAPTURES = {"BTCUSDT": "spot_btcusdt_2024-08-08", "ETHUSDT": "spot_ethusdt_2024-08-08"}
CUT = (
    "offsets/{begun}",
    "commits/{done}",
    "state/0/0/{state}.changelog",
    "state/0/0/_metadata/schema",
    "state/0/_metadata/metadata",
    "sources/0/0",
    "metadata",
)
FEW = 500  # trades
TRIES = 5  # at a point that lasts some milliseconds


class Play:
    """Two captured symbols that are published bit by bit, a job that is killed, and a writer that goes on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.checkpoint = settings.data_dir / "checkpoints" / "candles-v5"
        values = [value for symbol, name in CAPTURES.items() for value in captured(name, symbol=symbol)]
        self.truth = oracle(told_of(values))
        self.kills = self.misses = 0
        self._marks = mark_values(told_of(values), skip_edges=True)
        self.closed = {(symbol, json.loads(value)["open_time"]) for symbol, value in self._marks}
        self.trades = len(values)
        random.Random(2).shuffle(values)
        self._values = values
        self._jobs: list[Job] = []

    def goes_on(self, count: int) -> None:
        """So many more trades come."""
        publish(self.settings, RAW_TRADES, self._values[:count])
        del self._values[:count]

    def ends(self) -> None:
        """What is left comes, and the marks."""
        self.goes_on(len(self._values))
        publish(self.settings, MINUTE_MARKS, self._marks)

    def start(self) -> Job:
        self._jobs.append(Job(self.settings, self.settings.data_dir, "candles"))
        return self._jobs[-1]

    def begins(self) -> Job:
        """A first batch goes through, so that there is a checkpoint."""
        self.goes_on(FEW)
        job = self.start()
        wait_until(lambda: batches_in(self.checkpoint).done >= 0, deadline_s=PATIENCE_S, what="a first batch")
        return job

    def dies(self, point: Point, job: Job | None = None) -> None:
        """It is killed at this point of a batch, whether it runs or is started for it."""
        for _ in range(TRIES):
            job = job or self.start()
            kill = Kill(self.checkpoint, point, pid=jvm_of(job).pid)
            self.goes_on(FEW)
            assert kill.wait(), f"{point.name} never came: {job.log.read_text()}"
            assert job.process.wait(30) == 1, job.log.read_text()
            self.kills += 1
            if is_hit(point, batches_in(self.checkpoint)):
                return
            self.misses, job = self.misses + 1, None
        pytest.fail(f"{point.name} was missed {TRIES} times")

    def goes_on_from(self, cut: Path, *, with_checksum: bool) -> bool:
        """It is started on a checkpoint with a file cut short, and killed after a batch; tell whether it made a new
        one.
        """
        cut_in_half(cut, with_checksum=with_checksum)
        self.goes_on(FEW)
        job = self.start()
        wait_until(lambda: job.batches("candles") > 0, deadline_s=PATIENCE_S, what="a batch")
        jvm_of(job).kill()
        job.process.wait(30)
        return is_replaced(job)

    def closes_all(self) -> Job:
        """It is started, and goes on until every minute with a mark is closed in every tier."""
        job = self.start()
        wait_until(self._has_closed_all, deadline_s=PATIENCE_S, what="all minutes closed in all tiers")
        return job

    def _has_closed_all(self) -> bool:
        rows = [TIERS[tier](self.settings, symbol) for tier in TIERS for symbol in CAPTURES]
        return all({(c.symbol, c.open_time) for c in some if c.closed} == self._closed_of(some) for some in rows)

    def _closed_of(self, rows: list[Candle]) -> set[tuple[str, int]]:
        return {key for key in self.closed if rows and key[0] == rows[0].symbol}

    def contents(self) -> dict[str, Contents]:
        """Of all tiers, when their writer has taken in everything that was told."""
        for group in (Hot.group, Warm.group, Cold.group):
            wait_until(partial(self._has_all, group), deadline_s=PATIENCE_S, what=f"{group} having all")
        return contents_of(self.settings, list(CAPTURES))

    def _has_all(self, group: str) -> bool:
        return records_behind(self.settings.kafka, group, PROCESSED_AGGS) == 0

    def told(self) -> list[Candle]:
        """All that was ever published."""
        return [decode(message.value(), Candle) for message in messages(self.settings, PROCESSED_AGGS)]

    def close(self) -> None:
        for job in self._jobs:
            job.kill()


def is_replaced(job: Job) -> bool:
    return "checkpoint replaced" in job.log.read_text()


def jvm_of(job: Job) -> psutil.Process:
    """As soon as it is there."""
    process = psutil.Process(job.process.pid)

    def javas() -> list[psutil.Process]:
        return [child for child in process.children() if "java" in child.name()]

    wait_until(lambda: bool(javas()), what="the JVM")
    return javas()[0]


@pytest.fixture
def play(
    kafka: str, database: Settings, redis: Settings, tmp_path: Path, make_settings: SettingsMaker
) -> Iterator[Play]:
    """With topics and stores that hold nothing else."""
    create_topics(kafka)
    empty_topics(kafka)
    with closing(open_client(redis)) as client:
        client.flushdb()
    stores = {name: getattr(database, name) for name in type(database).model_fields if name.startswith("postgres_")}
    stores |= {name: getattr(redis, name) for name in type(redis).model_fields if name.startswith("redis_")}
    lake = {"cold_url": f"file:{tmp_path / 'lake'}", "cold_commit_seconds": 0.2}
    settings = make_settings(tmp_path / "data", kafka_bootstrap_servers=kafka).model_copy(update=stores | lake)
    settings.data_dir.mkdir()
    play = Play(settings)
    with writing(settings, (Hot, Warm, Cold)):
        yield play
    play.close()


def assert_never_wrong(play: Play) -> None:
    """Whatever was said closed was right, and whatever was said open was part of it."""
    for candle in play.told():
        opened, high, low, close, *amounts, count, first, last = play.truth[candle.symbol, candle.open_time]
        if candle.closed:
            ours = (candle.volume, candle.quote_volume, candle.taker_buy_volume, candle.taker_buy_quote_volume)
            assert (candle.open, candle.high, candle.low, candle.close, *ours) == (opened, high, low, close, *amounts)
            assert (candle.trade_count, candle.first_trade_id, candle.last_trade_id) == (count, first, last)
        assert candle.trade_count <= count
        assert low <= candle.low <= candle.high <= high


def assert_nothing_changes_without_its_checkpoint(play: Play, job: Job) -> None:
    before = play.contents()
    told = len(play.told())
    assert {tier: each.rows for tier, each in before.items()} == rows_expected(play)
    job.kill()
    shutil.rmtree(play.checkpoint.parent)
    play.start()
    wait_until(lambda: len(play.told()) >= told + len(play.truth), deadline_s=PATIENCE_S, what="all told again")
    wait_until(lambda: again_closed(play, told) == play.closed, deadline_s=PATIENCE_S, what="all closed again")
    assert play.contents() == before
    assert revisions(play.settings) == 0


def rows_expected(play: Play) -> dict[str, int]:
    """The recording's first and last minutes are partial: they stay open, and the lake has none such."""
    return {"hot": len(play.truth), "warm": len(play.truth), "cold": len(play.closed)}


def again_closed(play: Play, told: int) -> set[tuple[str, int]]:
    counts = dict.fromkeys(play.closed, 0)
    for candle in play.told():
        if candle.closed:
            counts[candle.symbol, candle.open_time] += 1
    return {key for key, count in counts.items() if count > 1}


def revisions(settings: Settings) -> int:
    with psycopg.connect(conninfo(settings)) as conn:
        ((count,),) = conn.execute("SELECT count(*) FROM candle_revisions").fetchall()
    return int(count)


def test_killed_within_a_batch_cut_short_and_without_its_checkpoint_it_tells_the_tiers_the_same(
    play: Play, figures: dict[str, Any]
) -> None:
    job = play.begins()
    play.dies(Point.AFTER_OFFSETS, job)
    play.dies(Point.MID_BATCH)
    play.dies(Point.BEFORE_COMMIT)
    cut_in_half(needed_state(play), with_checksum=False)
    play.ends()
    job = play.closes_all()
    assert is_replaced(job)
    assert_nothing_changes_without_its_checkpoint(play, job)
    assert_never_wrong(play)
    figures |= {"kills": play.kills, "misses": play.misses}


def needed_state(play: Play) -> Path:
    """The sums that the next batch begins with."""
    done = batches_in(play.checkpoint).done
    return play.checkpoint / "state" / "0" / "0" / f"{done + 1}.changelog"


@pytest.mark.slow
@pytest.mark.timeout(5_400)
def test_killed_twice_at_each_point_it_tells_the_tiers_the_same(play: Play, figures: dict[str, Any]) -> None:
    job: Job | None = play.begins()
    for point in [*Point, *Point]:
        play.dies(point, job)
        job = None
    play.ends()
    assert_nothing_changes_without_its_checkpoint(play, play.closes_all())
    assert_never_wrong(play)
    figures |= {"kills": play.kills, "misses": play.misses}


@pytest.mark.slow
@pytest.mark.timeout(5_400)
@pytest.mark.parametrize("with_checksum", [False, True])
def test_whichever_file_of_its_checkpoint_is_cut_short_it_tells_the_tiers_the_same(
    play: Play, figures: dict[str, Any], *, with_checksum: bool
) -> None:
    play.dies(Point.BEFORE_COMMIT, play.begins())
    for name in CUT:
        folder = play.checkpoint
        newest = batches_in(folder)
        cut = folder / name.format(begun=newest.begun, done=newest.done, state=newest.done + 1)
        figures[name] = play.goes_on_from(cut, with_checksum=with_checksum)
    play.ends()
    assert_nothing_changes_without_its_checkpoint(play, play.closes_all())
    assert_never_wrong(play)
