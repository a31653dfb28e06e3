"""A shard with a hole, and who fills it, on a clock that jumps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.unit.exchange.made_exchange import SYMBOL, MadeExchange, rest
from wickstream.events import Gap
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.sequencer import Sequencer
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.refill import Refill


class Scene:
    """A shard whose symbols begin with id 5."""

    def __init__(self, *symbols: str) -> None:
        self.loop = asyncio.get_running_loop()
        self.exchange = MadeExchange()
        clock = ExchangeClock()
        clock.sync(self.exchange.now_ms, now_s=self.loop.time())
        self.shard = Shard(symbols or (SYMBOL,), clock, instance="me")
        for sequencer in self.shard.sequencers.values():
            sequencer.start_at(5, now_s=self.loop.time())
        self.silent: list[str] = []
        self.news = 0
        self.waits_s = 0.0  # so long frames have been waiting

    @property
    def one(self) -> Sequencer:
        return self.shard.sequencers[SYMBOL]

    def lay_down(self, *ids: int, symbol: str = SYMBOL, at_ms: int = 0) -> None:
        self.exchange.trades[symbol] = [rest(trade_id, at_ms + trade_id, symbol) for trade_id in ids]

    def bring(self, *ids: int, symbol: str = SYMBOL) -> None:
        """By the sockets."""
        for trade_id in ids:
            self.shard.sequencers[symbol].accept(rest(trade_id, trade_id, symbol), now_s=self.loop.time())

    def ids(self, symbol: str = SYMBOL) -> list[int]:
        return [trade_id for run in self.shard.sequencers[symbol].take_runs() for trade_id in run.ids]

    def gaps(self) -> list[Gap]:
        return self.one.take_gaps(detected_at_ms=0)

    def hear_news(self) -> None:
        self.news += 1

    @asynccontextmanager
    async def refilling(self, client: ExchangeClient | None = None) -> AsyncIterator[Refill]:
        refill = Refill(
            self.shard,
            client or self.exchange.client,
            heard_until_s=lambda: self.loop.time() - self.waits_s,
            on_news=self.hear_news,
            on_silence=self.silent.append,
        )
        running = asyncio.ensure_future(refill.run())
        refill.notice()
        try:
            yield refill
            assert not running.done()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
