"""Live push without servers: a test says what the bus has."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager

from wickstream.config import Settings
from wickstream.serve.live.feed import Kind, Record
from wickstream.serve.live.live import Live


class ScriptedSource:
    """Gives records to a served application from the test's thread."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def opened(self, _: Settings, live: Live) -> AsyncIterator[None]:
        """As `build_app` opens it."""
        self.live, self.loop = live, asyncio.get_running_loop()
        yield

    def give(self, kind: Kind, *values: bytes) -> None:
        """Returns when they are taken."""
        assert self.loop
        assert self.live
        done: Future[None] = Future()
        feed = self.live.feed

        def take() -> None:
            feed.take([Record(kind, value) for value in values])
            done.set_result(None)

        self.loop.call_soon_threadsafe(take)
        done.result(10)


def trade_frame(trade_id: int, symbol: str = "BTCUSDT") -> bytes:
    """As the exchange sends it."""
    return (
        f'{{"e":"trade","E":1723161600001,"s":"{symbol}","t":{trade_id},"p":"100.50000000","q":"0.20000000",'
        f'"T":1723161600000,"m":false,"M":true}}'
    ).encode()


def ticker_frame(last_price: str = "102.50000000", symbol: str = "BTCUSDT") -> bytes:
    """As the exchange sends it."""
    return (
        f'{{"e":"24hrTicker","E":1723161600050,"s":"{symbol}","p":"2.50000000","P":"2.500","w":"101.10000000",'
        f'"x":"100.00000000","c":"{last_price}","Q":"0.20000000","b":"102.40000000","B":"1.00000000",'
        f'"a":"102.60000000","A":"1.00000000","o":"100.00000000","h":"103.00000000","l":"99.00000000",'
        f'"v":"40.00000000","q":"4044.00000000","O":1723075200000,"C":1723161600000,"F":1,"L":600,"n":600}}'
    ).encode()
