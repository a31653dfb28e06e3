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


def to_kafka(bootstrap_servers: str) -> None:
    """From its socket to its Kafka backend, for ever."""
    backend = TradeKafka(bootstrap_servers=bootstrap_servers)
    handler = FeedHandler()
    asyncio.set_event_loop(asyncio.new_event_loop())  # the newest uvloop makes none by itself
    handler.add_feed(Binance(symbols=Binance.symbols(), channels=[TRADES], callbacks={TRADES: backend}))
    handler.run()


def main() -> None:
    """One run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="of the source")
    parser.add_argument("--frames", type=Path, help="handle these, from memory, and tell what it cost")
    parser.add_argument("--kafka", help="bootstrap servers")
    given = parser.parse_args()
    Binance.websocket_endpoints = [WebsocketEndpoint(f"wss://127.0.0.1:{given.port}")]
    Binance.rest_endpoints = [RestEndpoint(f"https://127.0.0.1:{given.port}", routes=Routes("/api/v3/exchangeInfo"))]
    if given.frames:
        tell(from_memory(given.frames))
    else:
        to_kafka(given.kafka)


if __name__ == "__main__":
    main()
