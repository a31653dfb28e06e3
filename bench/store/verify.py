"""`wickstream verify`: ten million candles in warm and in cold, by the day; and a part of them field by field."""

import time
from collections.abc import Callable

from bench.store.made_up import candles, into_cold, into_warm
from bench.store.servers import running
from bench.table import Figure
from wickstream.config import Settings
from wickstream.operate.servers.local import postgres_spec, redis_spec
from wickstream.operate.verify import verify
from wickstream.store.warm.migrations import migrate

SYMBOLS, DAYS = 48, 145  # 10.02 million minutes
WHOLE = 5  # symbols that are proven whole
TIMES = 3


def measure() -> list[Figure]:
    """Both tiers filled first: some minutes."""
    names = [f"S{number:02}USDT" for number in range(SYMBOLS)]
    with running(postgres_spec, redis_spec) as found:
        settings = found.model_copy(update={"minio_endpoint": None})  # the lake in a folder
        migrate(settings)
        into_warm(settings, [candles(name, days=DAYS) for name in names])
        into_cold(settings, names, days=DAYS)
        count = SYMBOLS * DAYS * 1_440
        return [
            Figure(
                f"fast, {count:,} candles in warm and in cold: median", "s", _took(settings, names, fast=True), 10.0
            ),
            Figure(f"whole, {WHOLE * DAYS * 1_440:,} candles: median", "s", _took(settings, names[:WHOLE], fast=False)),
        ]


def _took(settings: Settings, names: list[str], *, fast: bool) -> float:
    """The second time and later, so that caches are warm."""
    took = [_seconds(lambda: _prove(settings, names, fast=fast)) for _ in range(TIMES + 1)]
    return sorted(took[1:])[TIMES // 2]


def _prove(settings: Settings, names: list[str], *, fast: bool) -> None:
    report, _ = verify(settings, names, start_ms=0, end_ms=2**53, fast=fast, tell=lambda _: None)
    assert report.passed, report


def _seconds(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
