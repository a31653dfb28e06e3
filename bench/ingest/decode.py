"""PROCESS: the connector without Kafka: frames from memory or off the socket, in order, ready to be produced."""

import argparse
import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import uvloop

from bench.ingest.cost import Cost, Meter, tell
from bench.ingest.frames import FIRST_ID, Market
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.spool import Spool
from wickstream.exchange.sockets.sockets import Sockets

FRAMES_A_READ = 2_000  # fewer than 5 ms bring at that rate


def from_memory(frames: Sequence[bytes], shard: Shard) -> Cost:
    """All of them, given in the pieces in which a socket would."""
    meter = Meter()
    for i in range(0, len(frames), FRAMES_A_READ):
        now_s = time.monotonic()
        shard.on_read(frames[i : i + FRAMES_A_READ], now_s, now_s=now_s)
        shard.take_records(now_s=now_s)
    return meter.cost(len(frames))


async def from_socket(url: str, market: Market, shard: Shard) -> Cost:
    """As many as the market has, from the first frame on."""
    loop = asyncio.get_running_loop()
    sockets = Sockets(url, lambda frame: spool.add(frame))
    spool = Spool(process_s=loop.time)
    sockets.follow(market.names)
    running = asyncio.ensure_future(sockets.run())
    await spool.filled()
    meter = Meter()
    while sum(shard.taken_by_source.values()) < market.trades:
        await spool.filled()
        for read in spool.take(10_000):
            shard.on_read(read.frames, read.at_s, now_s=loop.time())
        shard.take_records(now_s=loop.time())
        spool.acknowledge()
        await asyncio.sleep(0)
    cost = meter.cost(market.trades)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return cost


def _shard(market: Market) -> Shard:
    shard = Shard(market.names, ExchangeClock(), instance="bench")
    shard.clock.sync(time.time_ns() // 1_000_000, now_s=time.monotonic())
    for sequencer in shard.sequencers.values():
        sequencer.start_at(FIRST_ID, now_s=time.monotonic())
    return shard


def main() -> None:
    """One run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--market", required=True, help="JSON")
    parser.add_argument("--frames", type=Path, help="handle these, from memory")
    parser.add_argument("--url", help="of the source, whose market it is")
    given = parser.parse_args()
    market = msgspec.json.decode(given.market, type=Market)
    shard = _shard(market)
    if given.frames:
        tell(from_memory(given.frames.read_bytes().splitlines(), shard))
    else:
        tell(uvloop.run(from_socket(given.url, market, shard)))
    taken = sum(shard.taken_by_source.values())
    assert taken == market.trades, f"{taken} of {market.trades}"


if __name__ == "__main__":
    main()
