"""The topics of live push, from their ends on, outside any group; in a thread. Imported when it is started."""

import threading
from collections.abc import Callable, Sequence

import structlog
from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from wickstream.bus.consumer import Isolation, Place, poll_batch
from wickstream.bus.rewind import recent_offsets
from wickstream.bus.topics import ALERTS, PROCESSED_AGGS, RAW_TICKERS, RAW_TRADES
from wickstream.errors import StoreBusy
from wickstream.serve.live.feed import Kind, Record

KINDS = {RAW_TRADES: Kind.TRADE, RAW_TICKERS: Kind.TICKER, PROCESSED_AGGS: Kind.MINUTE, ALERTS: Kind.ALERT}
BATCH_ROWS = 1_000
WAIT_S = 0.2
ANSWER_S = 0.5
PAUSE_S = 0.5
TICKERS_BACK_MS = 10_000  # who comes right after the start begins with a ticker, too
PREFETCH_KIB = 8_192

log = structlog.get_logger(__name__)


def follow(kafka: str, hand_over: Callable[[Sequence[Record]], None], stop: threading.Event) -> None:
    """Give what comes, in batches, until `stop` is set.

    What was published while Kafka was away comes when it is back: the consumer goes on from its own offsets.
    """
    while not stop.is_set():
        consumer = _open(kafka)
        try:
            _begin(consumer, kafka, stop)
            while not stop.is_set():
                messages = poll_batch(consumer, limit=BATCH_ROWS, wait_s=WAIT_S, fill_s=0)
                if messages:
                    hand_over([Record(KINDS[message.topic() or ""], message.value() or b"") for message in messages])
        except KafkaException as exc:
            log.warning("live push begins anew", error=str(exc))
            stop.wait(PAUSE_S)
        finally:
            consumer.close()


def _open(kafka: str) -> Consumer:
    # Uncommitted: trades are pushed before their commit, and in the other topics nobody's transactions matter here.
    return Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "wickstream-live",  # librdkafka wants one; nothing is ever committed to it
            "enable.auto.commit": False,
            "isolation.level": str(Isolation.UNCOMMITTED),
            "auto.offset.reset": "latest",
            "fetch.wait.max.ms": 100,
            "queued.max.messages.kbytes": PREFETCH_KIB,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
            "log_level": 2,
        }
    )


def _begin(consumer: Consumer, kafka: str, stop: threading.Event) -> None:
    is_told = False
    while not stop.is_set():
        try:
            consumer.assign(_starts(consumer, kafka))
        except (StoreBusy, KafkaException) as exc:
            if not is_told:
                log.info("live push waits for kafka", error=str(exc))
            is_told = True
            stop.wait(PAUSE_S)
        else:
            log.info("live push follows", topics=list(KINDS))
            return


def _starts(consumer: Consumer, kafka: str) -> list[TopicPartition]:
    """The ends; of tickers a moment before."""
    places = [place for topic in KINDS for place in _places(consumer, topic)]
    tickers = [place for place in places if place.topic == RAW_TICKERS]
    offsets = dict.fromkeys(places, OFFSET_END) | recent_offsets(consumer, kafka, tickers, back_ms=TICKERS_BACK_MS)
    return [TopicPartition(*place, offset) for place, offset in offsets.items()]


def _places(consumer: Consumer, topic: str) -> list[Place]:
    found = consumer.list_topics(topic, timeout=ANSWER_S).topics[topic]
    if found.error is not None:
        raise StoreBusy(f"Kafka, {topic}: {found.error.str()}")
    return [Place(topic, number) for number in found.partitions]
