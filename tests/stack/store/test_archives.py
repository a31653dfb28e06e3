"""Trades and alerts on their way into the lake, whoever is killed when, and whatever comes twice."""

import sys
import uuid
from collections.abc import Collection, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from confluent_kafka import Message
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.alerts import price_spike, whale
from tests.conftest import SettingsMaker
from tests.raw_trades import record, trade_value
from tests.running import Launcher, wait_until
from wickstream import metrics
from wickstream.bus.codec import encode
from wickstream.bus.consumer import Place
from wickstream.bus.history import History
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import ALERTS, DEAD_LETTERS, RAW_TRADES, create_topics
from wickstream.config import Settings, child_environment
from wickstream.errors import StoreBusy
from wickstream.operate.stack import answers
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.store.archives import Alerts, Trades
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.intake import batch_of

pytestmark = pytest.mark.stack

FAR = 2**53
PLACE = Place(RAW_TRADES, 0)


@pytest.fixture
def stores(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of an empty lake in a folder, and of nothing else."""
    return settings.model_copy(update={"cold_url": f"file:{tmp_path / 'lake'}"})


@pytest.fixture
def symbol() -> str:
    return "BTCUSDT"


def same_topic(names: Collection[str]) -> dict[str, int]:
    return dict.fromkeys(names, 7)


def trades_tier(settings: Settings, **options: Any) -> Trades:
    """About to read the partition."""
    tier = Trades(settings, identify=same_topic, **options)
    tier.start_offsets([PLACE])
    return tier


class Killed(BaseException):
    """The process is gone."""


class Dying(TradesArchive):
    """An archive whose process is killed at a step of its commit."""

    step = ""

    def append(self, *arguments: Any) -> int:
        if self.step == "before":
            raise Killed
        stored = super().append(*arguments)
        if self.step == "after":
            raise Killed
        return stored


class Writer:
    """A process with the tier in it; it goes on from where the table says, and ends when it is killed."""

    def __init__(self, settings: Settings, partition: Sequence[Message]) -> None:
        self._tier = Trades(settings.model_copy(update={"cold_commit_seconds": 3_600.0}), identify=same_topic)
        self._archive = self._tier._archive = Dying(settings)
        self._partition = partition
        self._position = self._tier.start_offsets([PLACE])[PLACE]

    def take(self, number: int) -> None:
        taken = self._partition[self._position : self._position + number]
        self._position += len(taken)
        self._tier.take(batch_of(taken))

    def commit(self, step: str) -> bool:
        self._archive.step = step
        try:
            self._tier.finish()
        except Killed:
            return False
        return True


Turns = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8), st.sampled_from(["", "", "before", "after", "none", "none"])),
    min_size=1,
    max_size=12,
)


@hypothesis_settings(max_examples=15)
@given(ids=st.lists(st.integers(0, 30), min_size=1, max_size=30), turns=Turns)
def test_two_writers_of_one_partition_killed_at_any_step_lose_nothing_and_double_nothing(
    make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory, ids: list[int], turns: list[Any]
) -> None:
    lake = make_settings(tmp_path_factory.mktemp("d")).model_copy(
        update={"cold_url": f"file:{tmp_path_factory.mktemp('lake')}"}
    )
    partition = [record(trade_value(n, "AB"[n % 2]), offset=offset) for offset, n in enumerate(ids)]
    writers = [Writer(lake, partition) for _ in range(2)]
    for who, number, step in turns:
        writers[who].take(number)
        if step != "none" and not writers[who].commit(step):
            writers[who] = Writer(lake, partition)
    last = Writer(lake, partition)
    last.take(len(ids))
    last.commit("")

    found = pl.scan_delta(f"{lake.lake_url.removeprefix('file:')}/trades").collect()
    assert sorted(found["trade_id"]) == sorted(set(ids))


def test_a_batch_that_is_offered_again_after_trouble_is_taken_once(stores: Settings, symbol: str) -> None:
    away = stores.model_copy(update={"cold_url": "file:/dev/null/lake"})
    tier = trades_tier(stores, clock=count(step=100).__next__)
    tier._archive = TradesArchive(away)
    batch = batch_of([record(trade_value(n, symbol), offset=n) for n in range(3)])
    for _ in range(3):
        with pytest.raises(StoreBusy, match="cold tier"):
            tier.take(batch)
    tier._archive = TradesArchive(stores)

    older = metrics.TIER_WRITES.labels("cold-trades", "older")
    before = older._value.get()
    assert tier.take(batch) == {PLACE: 3}
    assert TradesArchive(stores).ranges(symbol, 0, FAR) == [(0, 2)]
    assert older._value.get() == before, "kept three times"
    assert trades_tier(stores).start_offsets([PLACE]) == {PLACE: 3}


def test_what_was_not_committed_is_forgotten_when_partitions_move_and_comes_again(
    stores: Settings, symbol: str
) -> None:
    tier = trades_tier(stores)
    batch = batch_of([record(trade_value(n, symbol), offset=n) for n in range(3)])
    tier.take(batch)
    assert tier.start_offsets([PLACE]) == {PLACE: 0}
    assert tier.finish() == {}

    tier.take(batch)
    assert tier.finish() == {PLACE: 3}


def test_what_waits_is_bounded_by_bytes(stores: Settings, symbol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wickstream.store.archives.LARGEST_BYTES", 1_000)
    tier = trades_tier(stores.model_copy(update={"cold_commit_seconds": 3_600.0}))

    assert tier.take(batch_of([record(trade_value(1, symbol), offset=0)])) == {}
    many = batch_of([record(trade_value(n, symbol), offset=n) for n in range(2, 40)])
    assert tier.take(many) == {PLACE: 40}
    assert TradesArchive(stores).ranges(symbol, 0, FAR) == [(1, 39)]


def test_of_alerts_the_largest_version_is_kept(stores: Settings, tmp_path: Path) -> None:
    tier = Alerts(stores.model_copy(update={"cold_commit_seconds": 3_600.0}), identify=same_topic)
    said = [price_spike(), price_spike(final=True, trade_count=950), price_spike(trade_count=930), whale()]
    place = Place(ALERTS, 1)
    tier.start_offsets([place])
    for offset, alert in enumerate([*said, said[0], said[3]]):
        message = Message(topic=ALERTS, partition=1, offset=offset, key=b"BTCUSDT", value=encode(alert))
        tier.take(batch_of([message]))
        tier.finish()

    found = pl.scan_delta(str(tmp_path / "lake" / "alerts")).sort("alert_id").collect()
    assert found.select("alert_id", "final", "trade_count").rows() == [
        (said[1].alert_id, True, 950),
        (said[3].alert_id, True, 1),
    ]
    row = found.row(1, named=True)
    assert (row["value"], row["type"], row["at"], row["month"]) == ("1203055.99500000", "whale", said[3].at, "2024-08")
    assert pl.Series([row["facts"]]).str.json_path_match("$.side").to_list() == ["buy"]
    assert Alerts(stores, identify=same_topic).start_offsets([place]) == {place: 4}, (
        "what changes nothing makes no commit"
    )


@pytest.fixture
def bus(kafka: str, stores: Settings) -> Settings:
    """Settings of the stores and a broker with our topics."""
    create_topics(kafka)
    return stores.model_copy(update={"kafka_bootstrap_servers": kafka, "cold_commit_seconds": 0.1})


def publish(settings: Settings, key: str, values: Sequence[bytes]) -> None:
    producer = IdempotentProducer(settings.kafka)
    for value in values:
        producer.publish(Record(RAW_TRADES, key, value))
    producer.flush()


def letters(settings: Settings, key: str) -> set[bytes | None]:
    with History(settings.kafka) as history:
        starts = {partition: first for partition, (first, _end) in history.bounds(DEAD_LETTERS).items()}
        return {letter.value() for letter in history.read(DEAD_LETTERS, starts) if letter.key() == key.encode()}


def cold_writer(settings: Settings, folder: Path) -> ProcessSpec:
    code = (
        "from wickstream.store.writer import run; from wickstream.store.parts import Part;"
        " from wickstream.config import read_settings; run(read_settings(), [Part.COLD])"
    )
    return ProcessSpec("writer", (sys.executable, "-c", code), child_environment(settings), folder / "writer")


def test_a_writer_that_was_killed_leaves_one_row_a_trade_and_sets_aside_what_is_none(
    bus: Settings, launcher: Launcher, tmp_path: Path
) -> None:
    symbols = [f"T{uuid.uuid4().hex[:8].upper()}USDT" for _ in range(3)]
    archive = TradesArchive(bus)
    spec = cold_writer(bus, tmp_path)
    for round_ in range(2):
        first = 1_000 * round_
        for symbol in symbols:
            # The last hundred of the round before come again, and something that is no trade.
            ids = range(max(0, first - 100), first + 1_000)
            publish(bus, symbol, [*(trade_value(n, symbol) for n in ids), b"planted %d" % round_])
        running = launcher.spawn(spec)
        wait_until(lambda: any(archive.ranges(symbol, first, FAR) for symbol in symbols), what="some of it")  # noqa: B023
        if round_ == 0:
            running.kill()

    wait_until(lambda: all(archive.ranges(s, 0, FAR) == [(0, 1_999)] for s in symbols), what="all of them archived")
    assert [len(archive.read(symbol, 0, FAR)) for symbol in symbols] == [2_000] * 3
    wait_until(lambda: len(letters(bus, symbols[2])) == 2, what="the letters")
    wait_until(lambda: answers("127.0.0.1", bus.port("write-cold"), "/metrics"), what="the last writer ready")
    assert running.stop() < 5.0
    assert running.process.returncode == 0
