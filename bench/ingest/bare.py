"""PROCESS: confluent-kafka and nothing else: what it costs to produce the same records from memory."""

import argparse
import time
from collections import deque
from pathlib import Path

import msgspec
from confluent_kafka import Producer

from bench.ingest.cost import Cost, Meter, tell
from wickstream.bus import topics

TRANSACTION_S = 0.05
HEADERS: list[tuple[str, str | bytes | None]] = [("ingested_at", b"1723161255343123"), ("source", b"ws")]
CONFIG: dict[str, str | int | bool] = {  # the connector's
    "enable.idempotence": True,
    "compression.type": "lz4",
    "linger.ms": 5,
    "partitioner": "murmur2_random",
    "queue.buffering.max.messages": 2_000_000,
    "log_level": 2,
}

Rows = list[tuple[str, bytes]]


class _Frame(msgspec.Struct):
    data: msgspec.Raw


class _Data(msgspec.Struct):
    symbol: str = msgspec.field(name="s")


def idempotent(bootstrap_servers: str, rows: Rows) -> Cost:
    """Until all are acknowledged."""
    producer = Producer(CONFIG | {"bootstrap.servers": bootstrap_servers})
    producer.list_topics(topics.RAW_TRADES, timeout=10)
    meter = Meter()
    for key, value in rows:
        producer.produce(topics.RAW_TRADES, value, key, headers=HEADERS)
    assert producer.flush(60) == 0
    return meter.cost(len(rows))


def transactional(bootstrap_servers: str, rows: Rows) -> Cost:
    """One transaction every 50 ms, until the last is committed."""
    producer = Producer(CONFIG | {"bootstrap.servers": bootstrap_servers, "transactional.id": "bare"})
    producer.init_transactions(30)
    meter, waiting = Meter(), deque(rows)
    while waiting:
        ends_s = time.monotonic() + TRANSACTION_S
        producer.begin_transaction()
        while waiting and time.monotonic() < ends_s:
            for _ in range(min(500, len(waiting))):
                key, value = waiting.popleft()
                producer.produce(topics.RAW_TRADES, value, key, headers=HEADERS)
        producer.commit_transaction(30)
    return meter.cost(len(rows))


KINDS = {"idempotent": idempotent, "transactional": transactional}


def main() -> None:
    """One run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("--kafka", required=True, help="bootstrap servers")
    given = parser.parse_args()
    values = [bytes(msgspec.json.decode(line, type=_Frame).data) for line in given.frames.read_bytes().splitlines()]
    rows = [(msgspec.json.decode(value, type=_Data).symbol, value) for value in values]
    tell(KINDS[given.kind](given.kafka, rows))


if __name__ == "__main__":
    main()
