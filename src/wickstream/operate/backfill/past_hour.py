"""The last hour of symbols that were started from nothing, from the exchange's own klines."""

import asyncio

import structlog

from wickstream.bus import topics
from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.symbols.registry import read_table
from wickstream.store.warm.coverage import incomplete_symbols

log = structlog.get_logger()

PAST_HOUR_MS = 60 * MINUTE_MS


def run(settings: Settings) -> None:
    """Publish the closed klines of the last hour of each symbol that lacks some of them; any number of times.

    They are of `origin=exchange` and revision 0: a candle computed from trades takes their place.

    Raises:
        ExchangeError: If the exchange does not answer.
        StoreBusy: If PostgreSQL or Kafka does not.
    """
    asyncio.run(_fill_past_hour(settings))


async def _fill_past_hour(settings: Settings) -> None:
    async with ExchangeClient(settings) as client:
        now_ms = await client.time_ms()
        end_ms = now_ms // MINUTE_MS * MINUTE_MS
        start_ms = end_ms - PAST_HOUR_MS
        symbols = await asyncio.to_thread(_incomplete, settings, start_ms=start_ms, end_ms=end_ms)
        found = [candle for symbol in symbols for candle in await client.klines(symbol, start_ms, now_ms=now_ms)]
    closed = [candle for candle in found if candle.closed]
    await asyncio.to_thread(_publish, settings.kafka, closed)
    log.info("past hour filled", symbols=len(symbols), candles=len(closed))


def _incomplete(settings: Settings, *, start_ms: int, end_ms: int) -> list[str]:
    followed = sorted(read_table(settings.kafka).followed()) or settings.named_symbols
    return incomplete_symbols(settings, followed, start_ms=start_ms, end_ms=end_ms)


def _publish(bootstrap_servers: str, candles: list[Candle]) -> None:
    producer = IdempotentProducer(bootstrap_servers)
    for candle in candles:
        producer.publish(Record(topics.PROCESSED_AGGS, candle.symbol, encode(candle), HEADERS))
    producer.flush()
