"""The job's topics, from a test's side: what goes in, and what a store would make of what comes out."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from confluent_kafka import OFFSET_END, Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.spark.decimal_oracle import Told
from tests.spark.published_market import trade_value
from wickstream.bus.codec import decode
from wickstream.bus.topics import PROCESSED_AGGS
from wickstream.candle import Candle, supersedes
from wickstream.config import Settings

MIDNIGHT = 1_723_161_600_000
Board = dict[tuple[str, int], Candle]


def producer(settings: Settings, **more: str) -> Producer:
    return Producer({"bootstrap.servers": settings.kafka, "partitioner": "murmur2_random", "linger.ms": 20, **more})


def publish(settings: Settings, topic: str, values: Iterable[tuple[str, bytes]]) -> None:
    sender = producer(settings)
    for symbol, value in values:
        sender.produce(topic, key=symbol, value=value)
    assert sender.flush(30) == 0


def messages(settings: Settings, topic: str) -> Iterator[Message]:
    """All committed messages a topic holds now."""
    options = {"bootstrap.servers": settings.kafka, "group.id": "test", "enable.partition.eof": True}
    consumer = Consumer(options | {"auto.offset.reset": "earliest"})  # where what other tests left was deleted
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    ended = 0
    while ended < len(partitions):
        message = consumer.poll(10)
        assert message is not None
        if message.error():
            ended += 1
        else:
            yield message
    consumer.close()


def board(settings: Settings) -> Board:
    """What a store holds that takes the topic from its beginning."""
    newest: Board = {}
    for message in messages(settings, PROCESSED_AGGS):
        candle = decode(message.value(), Candle)
        key = (candle.symbol, candle.open_time)
        if key not in newest or supersedes(candle, newest[key]):
            newest[key] = candle
    return newest


def of(candles: Board, symbol: str) -> list[Candle]:
    return [candle for (own, _), candle in sorted(candles.items()) if own == symbol]


def closed_minutes(settings: Settings, symbol: str) -> int:
    return sum(candle.closed for candle in of(board(settings), symbol))


def some_trades(symbol: str, *, count: int = 50) -> list[Told]:
    """One minute's trades."""
    return [
        Told(symbol, 100 + i, Decimal(100 + i % 7), Decimal("0.5"), MIDNIGHT + i, buyer_is_maker=i % 3 == 0)
        for i in range(count)
    ]


def as_values(trades: Iterable[Told]) -> list[tuple[str, bytes]]:
    return [(trade.symbol, trade_value(trade)) for trade in trades]


def forget_all_records(settings: Settings, topic: str) -> None:
    """What retention does."""
    admin = AdminClient({"bootstrap.servers": settings.kafka})
    partitions = admin.list_topics(topic).topics[topic].partitions
    ends = [TopicPartition(topic, partition, OFFSET_END) for partition in partitions]
    for future in admin.delete_records(ends).values():
        future.result()
