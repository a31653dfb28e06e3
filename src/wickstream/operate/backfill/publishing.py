"""Candles and halts to the bus, never so many at once that live ones would wait behind them."""

import asyncio
import time
from collections.abc import Sequence

import structlog

from wickstream.bus import topics
from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.groups import records_behind
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import Gap
from wickstream.store.tiers import Warm

log = structlog.get_logger(__name__)

WAITING_LIMIT = 20_000  # candles: what a writer stores in a few seconds
LOOK_EVERY_S = 0.25
PATIENCE_S = 30.0  # a writer that takes nothing for so long is not there: what waits for it, waits in Kafka


class Publisher:
    """For one loop; returns when Kafka has it. Every method may raise StoreBusy; doing it again does no harm."""

    def __init__(self, settings: Settings) -> None:
        self._kafka = settings.kafka
        self._producer = IdempotentProducer(settings.kafka)
        self._turn = asyncio.Lock()
        self._since_look = 0

    async def publish(self, candles: Sequence[Candle], halts: Sequence[Gap]) -> None:
        """Candles to `processed_aggs`, halts to `feed_gaps`."""
        records = [Record(topics.PROCESSED_AGGS, one.symbol, encode(one), HEADERS) for one in candles]
        records += [Record(topics.FEED_GAPS, one.symbol, encode(one), HEADERS) for one in halts]
        async with self._turn:
            await self._let_the_writer_come_after(len(candles))
            await asyncio.to_thread(self._send, records)

    def _send(self, records: Sequence[Record]) -> None:
        for record in records:
            self._producer.publish(record)
        self._producer.flush()

    async def _let_the_writer_come_after(self, more: int) -> None:
        """Not asked for each day: until as many as may wait were sent, no more than that can wait."""
        self._since_look += more
        if self._since_look < WAITING_LIMIT // 2:
            return
        self._since_look = more
        least, moved_s = None, time.monotonic()
        while (behind := await self._behind()) > WAITING_LIMIT // 2:
            if least is None or behind < least:
                least, moved_s = behind, time.monotonic()
            if time.monotonic() - moved_s > PATIENCE_S:
                log.warning("no writer takes the candles; they wait in Kafka", waiting=behind)
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _behind(self) -> int:
        return await asyncio.to_thread(records_behind, self._kafka, Warm.group, topics.PROCESSED_AGGS)
