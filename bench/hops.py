"""What a trade weighs on the wire, and in its topic, where batches are the larger the more there is."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from bench.processes import cpu_s
from bench.store.servers import running
from bench.table import Figure
from tests.clients.truth import BTC, captured, data_of
from wickstream.bus.producer import Batch, TransactionalProducer
from wickstream.bus.topics import RAW_TRADES, create_topics
from wickstream.config import Settings
from wickstream.operate.servers.local import kafka_spec

A_SECOND = ((50, 2), (1_000, 20), (50_000, 500))  # trades, over so many symbols
TRANSACTIONS_A_SECOND = 20
WARM_UP, TRANSACTIONS = 200, 400
HEADERS = (("ingested_at", b"1796016060000000"), ("source", b"ws"))


def measure() -> list[Figure]:
    """As the connector produces: a batch a symbol in each transaction."""
    frames = [data_of(frame) for frame in captured()[BTC]]
    wire = sum(len(frame) for frame in captured()[BTC]) / len(frames)
    return [Figure("a trade on the wire, without TLS and its own compression", "bytes", wire), *_in_topics(frames)]


def _in_topics(frames: list[str]) -> Iterator[Figure]:
    for trades, symbols in A_SECOND:
        with running(kafka_spec) as settings:
            create_topics(settings.kafka)
            broker = _broker(settings)
            publish = _publisher(settings, frames, trades // TRANSACTIONS_A_SECOND, symbols)
            publish(WARM_UP)
            used_s, held = cpu_s(broker), _held(settings)
            sent = publish(TRANSACTIONS)
            used_s, held = cpu_s(broker) - used_s, _held(settings) - held
        yield Figure(f"in {RAW_TRADES}, at {trades:,} a second over {symbols} symbols", "bytes", held / sent)
        yield Figure("the broker's CPU", "µs a trade", 1e6 * used_s / sent)


def _publisher(settings: Settings, frames: list[str], size: int, symbols: int) -> Callable[[int], int]:
    """Publishes so many transactions; gives how many trades were in them."""
    producer = TransactionalProducer(settings.kafka, transactional_id="bench-hops")
    producer.fence()
    made = _made(frames, symbols)

    def publish(transactions: int) -> int:
        for _ in range(transactions):
            by_symbol: dict[str, list[bytes]] = {}
            for name, value in itertools.islice(made, size):
                by_symbol.setdefault(name, []).append(value)
            producer.publish([Batch(RAW_TRADES, name, values, HEADERS) for name, values in by_symbol.items()])
        return transactions * size

    return publish


def _made(frames: list[str], symbols: int) -> Iterator[tuple[str, bytes]]:
    """The captured trades for ever, each said to be of the next symbol."""
    for number, frame in enumerate(itertools.cycle(frames)):
        name = f"S{number % symbols:03}USDT"
        yield name, frame.replace("BTCUSDT", name).encode()


def _broker(settings: Settings) -> psutil.Process:
    folder = str(settings.data_dir)
    commands = ((each, " ".join(each.info["cmdline"] or ())) for each in psutil.process_iter(["cmdline"]))
    return next(each for each, command in commands if folder in command and "kafka.Kafka" in command)


def _held(settings: Settings) -> int:
    files: Iterator[Path] = (settings.data_dir / "kafka").rglob(f"{RAW_TRADES}-*/*.log")
    return sum(file.stat().st_size for file in files)
