"""A shard whose symbols are audited, on a clock that jumps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.unit.exchange.made_exchange import MIDNIGHT_MS, SYMBOL, MadeExchange, rest
from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.bus.producer import Record
from wickstream.events import MINUTE_MS, SymbolEvent
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.sequencer import Sequencer
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.audit import Audit


class Scene:
    """A shard at midnight whose symbols begin with id 1."""

    def __init__(self, *symbols: str) -> None:
        self.loop = asyncio.get_running_loop()
        self.exchange = MadeExchange()
        self.clock = ExchangeClock()
        self.clock.sync(self.exchange.now_ms, now_s=self.loop.time())
        self.shard = Shard(symbols or (SYMBOL,), self.clock, instance="me")
        for sequencer in self.shard.sequencers.values():
            sequencer.start_at(1, now_s=self.loop.time())
        self.news = 0
        self.audit = Audit(self.shard, self.exchange.client, on_news=self.hear_news)

    def hear_news(self) -> None:
        self.news += 1

    @property
    def one(self) -> Sequencer:
        return self.shard.sequencers[SYMBOL]

    @property
    def now_ms(self) -> int:
        """Since midnight."""
        return int(self.loop.time() * 1_000)

    def bring(self, *frames: bytes) -> None:
        now_s = self.loop.time()
        self.shard.on_read(frames, now_s, now_s=now_s)

    def trade(self, trade_id: int, at_ms: int | None = None) -> None:
        self.one.accept(rest(trade_id, self.now_ms if at_ms is None else at_ms), now_s=self.loop.time())

    def minutes(self) -> list[int]:
        return [(proven.mark.open_time - MIDNIGHT_MS) // MINUTE_MS for proven in self.one.take_marks()]

    def events(self) -> list[SymbolEvent]:
        taken = self.shard.take_records(now_s=self.loop.time())
        records = [one for one in taken if isinstance(one, Record) and one.topic == topics.SYMBOL_EVENTS]
        return [decode(record.value, SymbolEvent) for record in records]

    @asynccontextmanager
    async def auditing(self) -> AsyncIterator[None]:
        running = asyncio.ensure_future(self.audit.run())
        try:
            yield
            assert not running.done()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
