"""What the connector's metrics say, beside what is counted where it happens."""

import asyncio
import time

from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.rest.insist import every
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.spool import Spool
from wickstream.metrics import (
    DUPLICATES,
    FEED_LAG,
    HELD_TRADES,
    NEWEST_TRADE,
    REST_LIMIT,
    REST_WEIGHT,
    SPOOL_BYTES,
    STATISTICS_LAG,
    SYMBOL_NEWEST_TRADE,
    SYMBOLS,
    TICKERS_PUBLISHED,
    TRADES_PUBLISHED,
)

LOOK_S = 1.0


class Report:
    """Keeps gauges up to date."""

    def __init__(self, client: ExchangeClient, spool: Spool) -> None:
        self._client = client
        self._spool = spool
        self._shard: Shard | None = None

    def published(self, shard: Shard) -> None:
        """A transaction is committed."""
        self._shard = shard
        for source, count in shard.taken_by_source.items():
            TRADES_PUBLISHED.labels(source).inc(count)
        shard.taken_by_source.clear()
        TICKERS_PUBLISHED.inc(shard.tickers_taken)
        shard.tickers_taken = 0

    async def run(self) -> None:
        """Until cancelled."""
        await every(LOOK_S, self._look)

    async def _look(self) -> None:
        REST_WEIGHT.set(self._client.budget.used(now_s=time.time()))
        REST_LIMIT.set(self._client.budget.limit)
        SPOOL_BYTES.set(self._spool.used_bytes)
        if self._shard is not None:
            self._tell(self._shard)

    def _tell(self, shard: Shard) -> None:
        sequencers = shard.sequencers.values()
        SYMBOLS.set(len(sequencers))
        HELD_TRADES.set(sum(one.held for one in sequencers))
        DUPLICATES.set(sum(one.duplicates for one in sequencers))
        STATISTICS_LAG.set(max((one.statistics_lag_ms for one in sequencers), default=0) / 1_000)
        now_ms = shard.clock.now_ms(now_s=asyncio.get_running_loop().time())
        NEWEST_TRADE.set(shard.newest_trade_ms / 1_000)
        FEED_LAG.set(max(0, now_ms - shard.newest_trade_ms) / 1_000)
        for one in sequencers:
            SYMBOL_NEWEST_TRADE.labels(one.symbol).set(one.newest_ms / 1_000)
