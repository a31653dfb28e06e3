"""PROCESS, in cryptofeed's own environment: trades by its Binance channel, to its Kafka backend or to nobody.

Only addresses are changed.
"""

import argparse
import asyncio
import time
from pathlib import Path

from cryptofeed import FeedHandler
from cryptofeed.backends.kafka import TradeKafka
from cryptofeed.connection import RestEndpoint, Routes, WebsocketEndpoint
from cryptofeed.defines import TRADES
from cryptofeed.exchanges import Binance

from bench.ingest.cost import Cost, Meter, tell


async def _ignore(trade: object, received_s: float) -> None:
    """The cheapest callback there is."""


def from_memory(frames: Path) -> Cost:
    """Its message handler alone: decode, make its trade, call back."""
    feed = Binance(symbols=Binance.symbols(), channels=[TRADES], callbacks={TRADES: _ignore})
    messages = frames.read_text().splitlines()

    async def handle() -> None:
        for message in messages:
            await feed.message_handler(message, None, time.time())

    meter = Meter()
    asyncio.run(handle())
    return meter.cost(len(messages))


def from_socket(trades: int) -> None:
    """From its socket to the cheapest callback there is; tells what so many cost, from the first on."""
    meter: Meter | None = None
    count = 0

    async def take(trade: object, received_s: float) -> None:
        nonlocal meter, count
        meter = meter or Meter()
        count += 1
        if count == trades:
            tell(meter.cost(trades))

    _run(take)


def to_kafka(bootstrap_servers: str) -> None:
    """From its socket to its Kafka backend, for ever."""
    _run(TradeKafka(bootstrap_servers=bootstrap_servers))


def _run(callback: object) -> None:
    handler = FeedHandler()
    asyncio.set_event_loop(asyncio.new_event_loop())  # the newest uvloop makes none by itself
    handler.add_feed(Binance(symbols=Binance.symbols(), channels=[TRADES], callbacks={TRADES: callback}))
    handler.run()


def main() -> None:
    """One run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="of the source")
    parser.add_argument("--frames", type=Path, help="handle these, from memory, and tell what it cost")
    parser.add_argument("--kafka", help="bootstrap servers")
    parser.add_argument("--trades", type=int, help="without Kafka: tell what so many cost")
    given = parser.parse_args()
    Binance.websocket_endpoints = [WebsocketEndpoint(f"wss://127.0.0.1:{given.port}")]
    Binance.rest_endpoints = [RestEndpoint(f"https://127.0.0.1:{given.port}", routes=Routes("/api/v3/exchangeInfo"))]
    if given.frames:
        tell(from_memory(given.frames))
    elif given.trades:
        from_socket(given.trades)
    else:
        to_kafka(given.kafka)


if __name__ == "__main__":
    main()
