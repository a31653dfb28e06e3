"""A Kafka that was lost and set up anew, or a topic of it: the tiers outlive it, and take all that is new."""

import shutil
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient

from tests.candles import minute
from tests.conftest import SettingsMaker
from tests.raw_trades import trade_value
from tests.running import Launcher, Running, wait_until
from tests.writing import publish, wait_for_all, writing
from wickstream.bus.consumer import Positions
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import PROCESSED_AGGS, RAW_TRADES, create_topics, topic_ids
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.operate.servers.local import kafka_spec
from wickstream.store.archives import Trades
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.intake import Batch
from wickstream.store.tiers import Cold, Hot, Warm

pytestmark = pytest.mark.stack

FAR = 2**53
TIERS = (Hot, Warm, Cold, Trades)


class Broker:
    """One of the test's own, with a folder that may be lost."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._settings, self._launcher = settings, launcher
        self._running = self._start()

    @property
    def address(self) -> str:
        return self._settings.kafka

    def begin_anew(self) -> None:
        """Without anything it ever held."""
        self.stop()
        shutil.rmtree(self._settings.data_dir / "kafka")
        self._running = self._start()

    def stop(self) -> None:
        self._running.stop()

    def _start(self) -> Running:
        running = self._launcher.start(kafka_spec(self._settings))
        create_topics(self.address)
        return running


@pytest.fixture(scope="module")
def broker(
    make_settings: SettingsMaker, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broker]:
    broker = Broker(make_settings(tmp_path_factory.mktemp("broker")), launcher)
    yield broker
    broker.stop()


@pytest.fixture
def bus(broker: Broker, stores: Settings) -> Settings:
    """Settings of the stores and of that broker."""
    return stores.model_copy(update={"kafka_bootstrap_servers": broker.address})


def publish_trades(settings: Settings, symbol: str, ids: range) -> None:
    producer = IdempotentProducer(settings.kafka)
    for trade_id in ids:
        producer.publish(Record(RAW_TRADES, symbol, trade_value(trade_id, symbol)))
    producer.flush()


def wait_for_trades(settings: Settings, symbol: str, last: int) -> None:
    archive = TradesArchive(settings)
    wait_until(lambda: archive.ranges(symbol, 0, FAR) == [(0, last)], what="the trades archived")


def test_what_a_new_kafka_brings_is_stored_though_the_lake_was_filled_up_to_an_offset_of_the_old_one(
    broker: Broker, bus: Settings, symbol: str
) -> None:
    with writing(bus, tiers=TIERS):
        publish(bus, PROCESSED_AGGS, [minute(symbol, n) for n in range(10)])
        publish_trades(bus, symbol, range(10))
        wait_for_all(bus, symbol, [minute(symbol, n) for n in range(10)])
        wait_for_trades(bus, symbol, 9)
    broker.begin_anew()

    # More than before: an offset behind the end would be noticed by Kafka itself.
    publish(bus, PROCESSED_AGGS, [minute(symbol, n) for n in range(10, 30)])
    publish_trades(bus, symbol, range(10, 30))
    with writing(bus, tiers=TIERS):
        wait_for_all(bus, symbol, [minute(symbol, n) for n in range(30)])
        wait_for_trades(bus, symbol, 29)


def test_a_topic_that_is_made_anew_under_a_running_writer_loses_nothing_that_waits_and_nothing_that_comes(
    bus: Settings, symbol: str
) -> None:
    taken: list[bytes | None] = []

    class Telling(Trades):
        def take(self, batch: Batch) -> Positions:
            durable = super().take(batch)
            taken.extend(message.key() for message in batch.trades)
            return durable

    patient = bus.model_copy(update={"cold_commit_seconds": 3_600.0})
    with writing(patient, tiers=(Telling,)):
        publish_trades(bus, symbol, range(10))
        wait_until(lambda: taken.count(symbol.encode()) == 10, what="ten trades taken")
        make_anew(bus.kafka, RAW_TRADES)
        publish_trades(bus, symbol, range(10, 15))
        wait_until(lambda: taken.count(symbol.encode()) == 15, what="five more taken")

    wait_for_trades(bus, symbol, 14)


def make_anew(kafka: str, topic: str) -> None:
    before = topic_ids(kafka, [topic])
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_topics([topic])[topic].result()

    def is_there() -> bool:
        create_topics(kafka)
        try:
            return topic_ids(kafka, [topic]) != before
        except StoreBusy:
            return False

    wait_until(is_there, what="the topic made anew")
