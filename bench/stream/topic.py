"""A full `raw_trades` with its marks, as the connector leaves it: what every contender reads."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

import msgspec

from bench.ingest.frames import Market, trade_frames
from wickstream.bus.codec import encode
from wickstream.bus.producer import Record, TransactionalProducer
from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES
from wickstream.events import MINUTE_MS, Mark
from wickstream.exchange.sequencing.id_hash import hash_of_run

_AT_ONCE = 5_000  # trades in a transaction: 50 ms of 100,000 a second
_HEADERS = (("ingested_at", b"1732300020000000"), ("source", b"ws"))
_DATA = b'"data":'

Minutes = dict[tuple[str, int], list["_Trade"]]  # first and last trade, by symbol and open time


class _Trade(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    time_ms: int = msgspec.field(name="T")

    @property
    def minute(self) -> tuple[str, int]:
        return (self.symbol, self.time_ms - self.time_ms % MINUTE_MS)


_decode = msgspec.json.Decoder(_Trade).decode


def fill(bootstrap_servers: str, market: Market, *, topic: str = RAW_TRADES) -> int:
    """Publish all its trades, and a mark for each minute of each symbol; returns how many minutes they are."""
    producer = TransactionalProducer(bootstrap_servers, transactional_id="bench")
    producer.fence()
    minutes: Minutes = {}
    values = trade_values(market)
    while chunk := list(islice(values, _AT_ONCE)):
        trades = [_decode(value) for value in chunk]
        producer.publish(Record(topic, t.symbol, v, _HEADERS) for t, v in zip(trades, chunk, strict=True))
        for trade in trades:
            minutes.setdefault(trade.minute, [trade, trade])[1] = trade
    producer.publish(Record(MINUTE_MARKS, symbol, encode(mark)) for (symbol, _), mark in _marks(minutes))
    producer.let_go()
    return len(minutes)


def trade_values(market: Market) -> Iterator[bytes]:
    """The trades alone, without the envelope of a combined connection."""
    for frame in trade_frames(market):
        yield frame[frame.index(_DATA) + len(_DATA) : -1]


def _marks(minutes: Minutes) -> Iterator[tuple[tuple[str, int], Mark]]:
    for key, (first, last) in minutes.items():
        count = last.trade_id - first.trade_id + 1  # consecutive, by the making of the market
        id_sum = (first.trade_id + last.trade_id) * count // 2
        id_hash = hash_of_run(first.trade_id, last.trade_id)
        close, follows = Decimal(last.price), last.trade_id + 1
        yield key, Mark(*key, first.trade_id, last.trade_id, count, id_sum, id_hash, close, follows)
