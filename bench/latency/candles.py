"""From a published trade to a candle that counts it, readable in Kafka: the candle part of the job."""

import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import count

from bench.latency.job import running_job
from bench.latency.published import RATE, Trade, now_ms, trade
from bench.latency.watched import latencies, watched
from bench.table import Figure
from tests.running import wait_until
from wickstream.bus.codec import decode
from wickstream.bus.topics import PROCESSED_AGGS
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS
from wickstream.stream.parts import Part

PORT_BASE = 21_080
SYMBOLS = [f"LAT{i}USDT" for i in range(20)]
SECONDS, WARM_UP_S, IDLE_S = 60, 120, 30
DEADLINE_S = 90.0

Minutes = defaultdict[tuple[str, int], list[float]]  # by symbol and open time: a moment for each trade, in order


def measure() -> list[Figure]:
    """Raises AssertionError if a trade is in no candle."""
    published, seen = Minutes(list), Minutes(list)

    def take(read_s: float, value: bytes) -> None:
        candle = decode(value, Candle)
        moments = seen[candle.symbol, candle.open_time]
        moments += [read_s] * (candle.trade_count - len(moments))

    with running_job(Part.CANDLES, port_base=PORT_BASE) as job, watched(job.settings, PROCESSED_AGGS, take):
        load = job.under_load(_trades(published), warm_up_s=WARM_UP_S, seconds=SECONDS)
        wait_until(lambda: _all_are_in(published, seen), deadline_s=DEADLINE_S, what="all trades in candles")
        idle_cores = job.idle_cores(seconds=IDLE_S)
    took_s = [
        seen_s - at_s
        for minute, moments in published.items()
        for at_s, seen_s in zip(moments, seen[minute], strict=True)
        if at_s >= load.began_s
    ]
    return [
        *latencies("trade to candle", took_s, p50_ms=400.0, p99_ms=1_000.0),
        Figure(f"the job's CPU at {RATE:,} trades/s", "cores", load.cores),
        Figure("the job's CPU, idle", "cores", idle_cores),
    ]


def _trades(published: Minutes) -> Iterator[Trade]:
    """Without an end; notes when each was handed over."""
    for trade_id in count(1):
        symbol, at_ms = SYMBOLS[trade_id % len(SYMBOLS)], now_ms()
        published[symbol, at_ms - at_ms % MINUTE_MS].append(time.monotonic())
        yield trade(symbol, trade_id, at_ms=at_ms, quantity="0.01500000", is_taker_buy=trade_id % 2 == 1)


def _all_are_in(published: Minutes, seen: Minutes) -> bool:
    return all(len(seen[minute]) == len(moments) for minute, moments in published.items())
