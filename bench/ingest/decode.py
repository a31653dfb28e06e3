"""PROCESS: the connector without sockets and Kafka: frames from memory, through the shard, to records."""

import argparse
import time
from pathlib import Path

import msgspec

from bench.ingest.cost import Cost, Meter, tell
from bench.ingest.frames import FIRST_ID, Market
from wickstream.exchange.clock import ExchangeClock
from wickstream.exchange.shard import Shard

FRAMES_A_READ = 500  # about what 5 ms bring at the rate that fills one core


def decode_and_sequence(frames: list[bytes], market: Market) -> Cost:
    """Every trade in order, ready to be produced."""
    shard = Shard(market.names, ExchangeClock(), instance="bench")
    shard.clock.sync(time.time_ns() // 1_000_000, now_s=time.monotonic())
    for sequencer in shard.sequencers.values():
        sequencer.start_at(FIRST_ID, now_s=time.monotonic())
    meter, taken = Meter(), 0
    for i in range(0, len(frames), FRAMES_A_READ):
        now_s = time.monotonic()
        shard.on_read(frames[i : i + FRAMES_A_READ], now_s, now_s=now_s)
        shard.take_records(now_s=now_s)
    cost = meter.cost(len(frames))
    taken = sum(shard.taken_by_source.values())
    assert taken == len(frames), f"{taken} of {len(frames)}"
    return cost


def main() -> None:
    """One run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("--market", required=True, help="JSON")
    given = parser.parse_args()
    market = msgspec.json.decode(given.market, type=Market)
    tell(decode_and_sequence(given.frames.read_bytes().splitlines(), market))


if __name__ == "__main__":
    main()
