"""`python -m tests.push_server PORT SYMBOLS PER_SECOND`: the API, whose bus brings tickers at an even rate."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn

from tests.scripted_source import ticker_frame
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.serve.front.heads import HeadProtocol
from wickstream.serve.live.feed import Kind, Record
from wickstream.serve.live.live import Live, OpenSource
from wickstream.serve.live.sockets import LiveSocket

_TICK_S = 0.005


def symbols(count: int) -> list[str]:
    """Of the made-up market."""
    return [f"PUSH{number}USDT" for number in range(count)]


def streams(count: int) -> list[str]:
    """The tickers of all of them."""
    return [f"{symbol.lower()}@ticker" for symbol in symbols(count)]


def steady(count: int, per_second: int) -> OpenSource:
    """So many updates of each symbol a second, spread evenly, each with the moment it was made (`E`, in µs)."""
    templates = [ticker_frame(symbol=symbol).split(b"1723161600050") for symbol in symbols(count)]

    def stamped() -> Iterator[Record]:
        while True:
            for before, after in templates:
                yield Record(Kind.TICKER, b"%b%d%b" % (before, time.time_ns() // 1_000, after))

    async def bring(live: Live) -> None:
        records, began_s, brought = stamped(), time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began_s) * count * per_second)
            live.feed.take([next(records) for _ in range(due - brought)])
            brought = due
            await asyncio.sleep(_TICK_S)

    @asynccontextmanager
    async def opened(_: Settings, live: Live) -> AsyncIterator[None]:
        task = asyncio.create_task(bring(live))
        try:
            yield
        finally:
            task.cancel()

    return opened


def main(port: int, count: int, per_second: int) -> None:
    """Until it is killed."""
    app = build_app(Settings(source="demo"), open_reader=FakeTiers().opened, open_source=steady(count, per_second))
    uvicorn.run(app, port=port, loop="uvloop", http=HeadProtocol, ws=LiveSocket, log_config=None, access_log=False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
