"""What is in Kafka, read along as it is committed."""

from collections import Counter, defaultdict
from collections.abc import Callable

from confluent_kafka import Consumer, Message, TopicPartition

from tests.chaos.truth import Row
from wickstream.binance.frames import decode_trade, normal_ms
from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.candle import Candle
from wickstream.events import Gap, Mark

READ = (topics.RAW_TRADES, topics.MINUTE_MARKS, topics.FEED_GAPS, topics.DEAD_LETTERS, topics.PROCESSED_AGGS)
AT_ONCE = 10_000
WAIT_S = 0.1


class Seen:
    """What was read of it.

    Attributes:
        trades: each symbol's, as they came.
        written_ms: when each of them was published, by the producer's clock.
        sources: how many trades came from where.
        marks: by symbol and minute, the newest.
        gaps: by symbol and first id, or by symbol and minute of a halt, the newest.
        letters: reason and raw bytes of what was set aside.
        candles: by symbol and minute, the newest version.
    """

    def __init__(self) -> None:
        self.trades: defaultdict[str, list[Row]] = defaultdict(list)
        self.written_ms: defaultdict[str, list[int]] = defaultdict(list)
        self.sources: Counter[str] = Counter()
        self.marks: defaultdict[str, dict[int, Mark]] = defaultdict(dict)
        self.gaps: dict[tuple[str, int | None, int | None], Gap] = {}
        self.letters: list[tuple[str, bytes]] = []
        self.candles: dict[tuple[str, int], Candle] = {}

    def newest_id(self, symbol: str) -> int:
        """Of the trades read; -1: none."""
        rows = self.trades.get(symbol)
        return rows[-1][0] if rows else -1


class Published(Seen):
    """Committed records only, in the order of each symbol."""

    def __init__(self, bootstrap_servers: str) -> None:
        super().__init__()
        self._take: dict[str, Callable[[Message], None]] = {
            topics.RAW_TRADES: self._take_trade,
            topics.MINUTE_MARKS: self._take_mark,
            topics.FEED_GAPS: self._take_gap,
            topics.DEAD_LETTERS: self._take_letter,
            topics.PROCESSED_AGGS: self._take_candle,
        }
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "judge",  # librdkafka wants one; nothing is ever committed to it
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 50,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )
        partitions = {topic.name: topic.partitions for topic in topics.TOPICS}
        self._consumer.assign([TopicPartition(topic, at, 0) for topic in READ for at in range(partitions[topic])])

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()

    def read(self) -> None:
        """Take in what there is; nothing while Kafka is away."""
        while messages := self._consumer.consume(AT_ONCE, WAIT_S):
            for message in messages:
                if message.error() is None:
                    self._take[message.topic() or ""](message)
            if len(messages) < AT_ONCE:
                return

    def _take_trade(self, message: Message) -> None:
        frame = decode_trade(message.value() or b"")
        row = (frame.trade_id, normal_ms(frame.traded_at), frame.price, frame.quantity, frame.buyer_is_maker)
        self.trades[frame.symbol].append(row)
        self.written_ms[frame.symbol].append(message.timestamp()[1])
        self.sources[_header(message, "source")] += 1

    def _take_mark(self, message: Message) -> None:
        mark = decode(message.value(), Mark)
        known = self.marks[mark.symbol].get(mark.open_time)
        if known is None or mark.trade_count >= known.trade_count:
            self.marks[mark.symbol][mark.open_time] = mark

    def _take_gap(self, message: Message) -> None:
        gap = decode(message.value(), Gap)
        self.gaps[gap.symbol, gap.first_trade_id, gap.open_time if gap.first_trade_id is None else None] = gap

    def _take_letter(self, message: Message) -> None:
        self.letters.append((_header(message, "reason"), message.value() or b""))

    def _take_candle(self, message: Message) -> None:
        candle = decode(message.value(), Candle)
        known = self.candles.get((candle.symbol, candle.open_time))
        if known is None or candle.version >= known.version:
            self.candles[candle.symbol, candle.open_time] = candle


def _header(message: Message, name: str) -> str:
    headers = dict(message.headers() or ())
    value = headers.get(name) or b""
    return value.decode() if isinstance(value, bytes) else value
