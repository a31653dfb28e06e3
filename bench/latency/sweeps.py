"""From a sweep's last trade, published, to the alert that counts it, readable in Kafka: the job as `up` runs it.

A sweep is told as soon as its trades, of one batch or of several, are worth one: nobody waits for the symbol's next
trade, which would show that the order is done. Where a batch ends within a sweep, the alert may so come before the last
trade does, and comes again under its id with more trades: what is measured is the alert that counts them all.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from bench.latency.job import running_job
from bench.latency.published import RATE, Trade, now_ms, trade
from bench.latency.watched import latencies, watched
from bench.table import Figure
from tests.running import wait_until
from wickstream.bus.codec import decode
from wickstream.bus.topics import ALERTS
from wickstream.events import Alert, AlertType
from wickstream.stream.parts import Part

PORT_BASE = 21_200
SYMBOLS = [f"LAT{i}USDT" for i in range(20)]
SECONDS, WARM_UP_S, IDLE_S = 60, 120, 30
SWEEP_EVERY = 60  # orders
FEWEST, MOST, SWEPT = 3, 8, Decimal("2.4")  # trades of a sweep; together $153,600, each of them no whale
DEADLINE_S = 90.0

Moments = dict[tuple[str, int], float]  # by alert id and count of trades


def measure() -> list[Figure]:
    """Raises AssertionError if a sweep is missing or told short of a trade, or something else is called one."""
    published, seen = Moments(), Moments()

    def take(read_s: float, value: bytes) -> None:
        alert = decode(value, Alert)
        if alert.type is AlertType.SWEEP:
            seen.setdefault((alert.alert_id, alert.trade_count), read_s)

    with running_job(Part.ALL, port_base=PORT_BASE) as job, watched(job.settings, ALERTS, take):
        load = job.under_load(_trades(published), warm_up_s=WARM_UP_S, seconds=SECONDS)
        wait_until(lambda: published.keys() <= seen.keys(), deadline_s=DEADLINE_S, what="all sweeps")
        idle_cores = job.idle_cores(seconds=IDLE_S)
    assert {alert_id for alert_id, _ in seen} == {alert_id for alert_id, _ in published}
    took_s = [seen[sweep] - at_s for sweep, at_s in published.items() if at_s >= load.began_s]
    return [
        *latencies("a sweep's last trade to its alert", took_s, p99_ms=1_000.0),
        Figure(f"the job's CPU at {RATE:,} trades/s", "cores", load.cores),
        Figure("the job's CPU, idle", "cores", idle_cores),
    ]


def _trades(sweeps: Moments) -> Iterator[Trade]:
    """Orders of one trade, sweeps among them, without an end; notes when each sweep's last trade was handed over."""
    chance, last_ids, last_ms = random.Random(7), Counter[str](), Counter[str]()
    while True:
        symbol, is_sweep = chance.choice(SYMBOLS), chance.randrange(SWEEP_EVERY) == 0
        count = chance.randint(FEWEST, MOST) if is_sweep else 1
        first_id = last_ids[symbol] + 1
        last_ids[symbol] += count
        last_ms[symbol] = max(now_ms(), last_ms[symbol] + 1)  # no two orders have the same
        order = _order(symbol, range(first_id, first_id + count), at_ms=last_ms[symbol], is_buy=chance.random() < 0.5)
        yield from order[:-1]
        if is_sweep:
            sweeps[f"{AlertType.SWEEP}:{symbol}:{first_id}", count] = time.monotonic()
        yield order[-1]


def _order(symbol: str, ids: range, *, at_ms: int, is_buy: bool) -> list[Trade]:
    quantity = "0.01500000" if len(ids) == 1 else f"{SWEPT / len(ids):.8f}"
    return [trade(symbol, trade_id, at_ms=at_ms, quantity=quantity, is_taker_buy=is_buy) for trade_id in ids]
