"""What has arrived in Kafka: only committed records count."""

import time
from collections.abc import Iterable, Iterator

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition

AT_ONCE = 10_000

Extents = dict[str, tuple[int, int]]  # first and last id by symbol


class _Trade(msgspec.Struct, gc=False):
    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")


_decode = msgspec.json.Decoder(_Trade).decode


class Arrivals:
    """Records written to some topics after its making."""

    def __init__(self, bootstrap_servers: str, topics: Iterable[str]) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "bench",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "log_level": 0,
            }
        )
        self._starts = [self._end(topic, partition) for topic in topics for partition in self._partitions(topic)]

    def _partitions(self, topic: str) -> list[int]:
        return list(self._consumer.list_topics(topic, timeout=10).topics[topic].partitions)

    def _end(self, topic: str, partition: int) -> TopicPartition:
        _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        return TopicPartition(topic, partition, end)

    def values(self, count: int, *, deadline_s: float) -> Iterator[list[bytes]]:
        """So many, as they come.

        Raises:
            TimeoutError: If they do not.
        """
        self._consumer.assign(self._starts)
        ends_s, came = time.monotonic() + deadline_s, 0
        while came < count:
            values = [_value(message) for message in self._consumer.consume(AT_ONCE, timeout=0.05)]
            came += len(values)
            yield values
            if time.monotonic() > ends_s:
                raise TimeoutError(f"{came} of {count} records within {deadline_s} s")

    def extents(self, count: int, *, deadline_s: float) -> Extents:
        """Of so many trades, each once and in the order of its id.

        Raises:
            AssertionError: If an id is missing, doubled or out of order.
        """
        found: Extents = {}
        for values in self.values(count, deadline_s=deadline_s):
            extend(found, values)
        return found

    def close(self) -> None:
        """End its threads."""
        self._consumer.close()


def _value(message: Message) -> bytes:
    assert message.error() is None, message.error()
    return message.value() or b""


def extend(extents: Extents, values: Iterable[bytes]) -> None:
    """By trades that follow.

    Raises:
        AssertionError: If an id is missing, doubled or out of order.
    """
    for trade in map(_decode, values):
        first, last = extents.get(trade.symbol, (trade.trade_id, trade.trade_id - 1))
        assert trade.trade_id == last + 1, f"{trade.symbol}: {trade.trade_id} after {last}"
        extents[trade.symbol] = (first, trade.trade_id)
