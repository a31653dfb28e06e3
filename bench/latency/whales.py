"""From a published trade to its whale alert, readable in Kafka: the job as `up` runs it, over several batches."""

import random
import time
from collections.abc import Iterator
from itertools import count

from bench.latency.job import running_job
from bench.latency.published import RATE, Trade, now_ms, trade
from bench.latency.watched import latencies, watched
from bench.table import Figure
from tests.running import wait_until
from wickstream.bus.codec import decode
from wickstream.bus.topics import ALERTS
from wickstream.events import Alert, AlertType
from wickstream.stream.parts import Part

PORT_BASE = 21_140
SYMBOLS = [*(f"LAT{i}USDT" for i in range(18)), "BTCUSDT", "ETHUSDT"]
SECONDS, WARM_UP_S, WHALE_EVERY = 150, 20, 60  # 2,500 whales over at least two boundaries
DEADLINE_S = 90.0

Moments = dict[str, float]  # by alert id


def measure() -> list[Figure]:
    """Raises AssertionError if a whale is missing, or something else is called one."""
    published, seen = Moments(), Moments()

    def take(read_s: float, value: bytes) -> None:
        alert = decode(value, Alert)
        if alert.type is AlertType.WHALE:
            seen.setdefault(alert.alert_id, read_s)

    with running_job(Part.ALL, port_base=PORT_BASE) as job, watched(job.settings, ALERTS, take):
        load = job.under_load(_trades(published), warm_up_s=WARM_UP_S, seconds=SECONDS)
        wait_until(lambda: published.keys() <= seen.keys(), deadline_s=DEADLINE_S, what="all whales")
    assert seen.keys() == published.keys()
    took_s = [seen[alert_id] - at_s for alert_id, at_s in published.items() if at_s >= load.began_s]
    return [
        *latencies("trade to whale alert", took_s, p50_ms=10.0, p99_ms=500.0),
        Figure(f"the job's CPU at {RATE:,} trades/s", "cores", load.cores),
    ]


def _trades(whales: Moments) -> Iterator[Trade]:
    """Without an end; notes when each whale was handed over."""
    chance = random.Random(7)
    for trade_id in count(1):
        symbol, is_whale = chance.choice(SYMBOLS), chance.randrange(WHALE_EVERY) == 0
        if is_whale:
            whales[f"{AlertType.WHALE}:{symbol}:{trade_id}"] = time.monotonic()
        quantity = "1.60000000" if is_whale else "0.01500000"
        yield trade(symbol, trade_id, at_ms=now_ms(), quantity=quantity, is_taker_buy=trade_id % 2 == 1)
