"""Trades, published at an even rate as the exchange words them."""

import json
import time
from collections.abc import Iterator
from itertools import islice

from confluent_kafka import Producer

from wickstream.bus.topics import RAW_TRADES
from wickstream.config import Settings

RATE = 1_000
_TICK_S = 0.01

Trade = tuple[str, bytes]  # its symbol, and the record's value


def publish(settings: Settings, trades: Iterator[Trade], *, seconds: int) -> None:
    """`RATE` trades a second; the next one is asked for when it is due, and so handed to the producer."""
    producer = Producer({"bootstrap.servers": settings.kafka, "partitioner": "murmur2_random", "linger.ms": 0})
    began_s, count, total = time.monotonic(), 0, seconds * RATE
    while count < total:
        due = min(int((time.monotonic() - began_s) * RATE), total)
        for symbol, value in islice(trades, due - count):
            producer.produce(RAW_TRADES, value, symbol)
            producer.poll(0)
        count = due
        time.sleep(_TICK_S)
    assert producer.flush(30) == 0


def trade(symbol: str, trade_id: int, *, at_ms: int, quantity: str, is_taker_buy: bool) -> Trade:
    """At a price of $64,000.10."""
    facts = {"e": "trade", "E": at_ms, "s": symbol, "t": trade_id, "p": "64000.10000000", "q": quantity}
    facts |= {"T": at_ms, "m": not is_taker_buy, "M": True}
    return symbol, json.dumps(facts, separators=(",", ":")).encode()


def now_ms() -> int:
    """As the exchange stamps its trades."""
    return time.time_ns() // 1_000_000
