"""A hole in the past of the local exchange, and what the stores hold of it when it was repaired."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise

import psycopg

from tests.tier_contents import read_warm
from wickstream.candle import EXCHANGE_FIELDS, Candle, Origin
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.store import writer
from wickstream.store.tiers import Warm
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

SYMBOL = "ETHUSDT"


@dataclass(frozen=True)
class Hole:
    """Ids that were never published here, and the exchange's klines of the minutes they lie in."""

    first: int
    last: int
    klines: list[Candle]

    @property
    def entry(self) -> Gap:
        return Gap(
            SYMBOL, self.first, self.last, None, self.klines[-1].close_time, GapStatus.OPEN, None, "segment break"
        )


async def make_hole(settings: Settings, *, minutes_ago: int, minutes: int) -> Hole:
    """From the middle of a minute to the middle of another."""
    async with ExchangeClient(settings) as client:
        now_ms = await client.time_ms()
        start_ms = now_ms // MINUTE_MS * MINUTE_MS - minutes_ago * MINUTE_MS
        middle_ms = start_ms + MINUTE_MS // 2
        end_ms = middle_ms + minutes * MINUTE_MS
        (first,) = await client.agg_trades(SYMBOL, start_ms=middle_ms, end_ms=middle_ms + MINUTE_MS, limit=1)
        (after,) = await client.agg_trades(SYMBOL, start_ms=end_ms, end_ms=end_ms + MINUTE_MS, limit=1)
        klines = await client.klines(SYMBOL, start_ms, now_ms=now_ms)
    hole = Hole(first.first_trade_id, after.first_trade_id - 1, klines[: minutes + 1])
    with closing(WarmWriter(settings)) as warm:
        warm.write([], gaps=[hole.entry])
    return hole


def entries(settings: Settings) -> list[tuple[int, int, str, str | None]]:
    """First and last id, status and where from, of all entries of ids."""
    statement = (
        "SELECT first_trade_id, last_trade_id, status, filled_by FROM gaps WHERE symbol = %s"
        " AND first_trade_id IS NOT NULL ORDER BY first_trade_id"
    )
    with psycopg.connect(conninfo(settings)) as conn:
        return conn.execute(statement, (SYMBOL,)).fetchall()


def is_settled(settings: Settings, hole: Hole) -> Callable[[], bool]:
    """The warm tier has heard that nothing is open, and has all candles of the hole's minutes."""
    times = {kline.open_time for kline in hole.klines}

    def settled() -> bool:
        stored = {candle.open_time for candle in read_warm(settings, SYMBOL) if candle.closed}
        return times <= stored and all(status != "open" for _, _, status, _ in entries(settings))

    return settled


def assert_repaired(settings: Settings, hole: Hole, *, origin: Origin = Origin.TRADES) -> None:
    told = entries(settings)
    assert (told[0][0], told[-1][1]) == (hole.first, hole.last)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(told))
    stored = {candle.open_time: candle for candle in read_warm(settings, SYMBOL)}
    for kline in hole.klines:
        candle = stored[kline.open_time]
        assert [getattr(candle, name) for name in EXCHANGE_FIELDS] == [getattr(kline, name) for name in EXCHANGE_FIELDS]
        assert (candle.closed, candle.origin) == (True, origin)
        assert candle.revision >= 1


@contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """The writer's warm tier, in a thread."""
    stop = threading.Event()
    options = {"stop": stop, "on_ready": lambda: None, "tiers": (Warm,)}
    thread = threading.Thread(target=writer.write, args=(settings,), kwargs=options)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
