"""The last hour of symbols that were started from nothing, from the exchange's own klines."""

import asyncio
from collections.abc import Sequence

import structlog

from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.symbols.registry import read_table
from wickstream.operate.backfill.kline_sources import by_minute
from wickstream.operate.backfill.klines import halts_among
from wickstream.operate.backfill.publishing import Publisher
from wickstream.operate.backfill.wanted import Minutes
from wickstream.store.warm.coverage import incomplete_symbols

log = structlog.get_logger()

PAST_HOUR_MS = 60 * MINUTE_MS


def run(settings: Settings) -> None:
    """Fill it for each symbol that is followed; see `fill`."""
    followed = sorted(read_table(settings.kafka).followed()) or settings.named_symbols
    asyncio.run(fill(settings, followed))


async def fill(settings: Settings, symbols: Sequence[str]) -> None:
    """Publish the closed klines of the last hour of each of these that lacks some of them, and the minutes between them
    in which it was halted; any number of times.

    They are of `origin=exchange` and revision 0: a candle computed from trades takes their place.

    Raises:
        ExchangeError: If the exchange does not answer.
        StoreBusy: If PostgreSQL or Kafka does not.
    """
    async with ExchangeClient(settings) as client:
        now_ms = await client.time_ms()
        end_ms = now_ms // MINUTE_MS * MINUTE_MS
        start_ms = end_ms - PAST_HOUR_MS
        lacking = await asyncio.to_thread(incomplete_symbols, settings, symbols, start_ms=start_ms, end_ms=end_ms)
        found = {symbol: by_minute(await client.klines(symbol, start_ms, now_ms=now_ms)) for symbol in lacking}
    closed = [kline for klines in found.values() for kline in klines.values() if kline.closed]
    halts = [
        halt
        for symbol, klines in found.items()
        if klines
        for halt in halts_among(symbol, Minutes(min(klines), max(klines)), klines, now_ms=now_ms)
    ]
    await Publisher(settings).publish(closed, halts)
    log.info("past hour filled", symbols=len(lacking), candles=len(closed), halts=len(halts))
