"""An exchange of a few trades that answers at once, and an event loop on which a minute takes no time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from decimal import Decimal
from typing import cast

from tests.simulation.virtual_loop import VirtualLoop
from wickstream.binance.rest import RestTicker
from wickstream.binance.weights import PAGE
from wickstream.candle import Candle, Origin
from wickstream.errors import ExchangeError, Refused
from wickstream.events import MINUTE_MS, Source
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.rest.weight import WeightBudget
from wickstream.exchange.sequencing.arrival import Arrival

MIDNIGHT_MS = 1_723_161_600_000
SYMBOL, OTHER = "BTCUSDT", "ETHUSDT"


def on_virtual_time(scene: Callable[[], Awaitable[None]]) -> None:
    """Play it; every pause is over at once. Beyond a day of it somebody waits in vain."""

    async def within_a_day() -> None:
        async with asyncio.timeout(86_400):
            await scene()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(within_a_day())


async def until(condition: Callable[[], bool], *, within_s: float = 600.0) -> None:
    """Look every 10 ms of the loop's time."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 (what is awaited has no event)
            await asyncio.sleep(0.01)


def trade_data(trade_id: int, at_ms: int, symbol: str = SYMBOL) -> bytes:
    """As Spot writes it, to the byte; `at_ms` after midnight."""
    data = b'{"e":"trade","E":%d,"s":"%b","t":%d,"p":"%d.50000000","q":"2.00000000","T":%d,"m":true,"M":true}'
    time_ms = MIDNIGHT_MS + at_ms
    return data % (time_ms, symbol.encode(), trade_id, trade_id % 97, time_ms)


def trade_frame(trade_id: int, at_ms: int, symbol: str = SYMBOL) -> bytes:
    """The same in its envelope."""
    return b'{"stream":"%b@trade","data":%b}' % (symbol.lower().encode(), trade_data(trade_id, at_ms, symbol))


def ticker_frame(last_id: int, at_ms: int, symbol: str = SYMBOL) -> bytes:
    """Statistics as of `at_ms` after midnight, sent 20 ms later."""
    zeros = ",".join(f'"{name}":"0.0"' for name in "pPcohlvq")
    times = f'"E":{MIDNIGHT_MS + at_ms + 20},"C":{MIDNIGHT_MS + at_ms}'
    data = f'{{"e":"24hrTicker","s":"{symbol}",{times},"F":1,"L":{last_id},"n":1,{zeros}}}'
    return f'{{"stream":"{symbol.lower()}@ticker","data":{data}}}'.encode()


def rest(trade_id: int, at_ms: int = 0, symbol: str = SYMBOL) -> Arrival:
    """As a page of REST has it."""
    return Arrival.read(trade_data(trade_id, at_ms, symbol), Source.REST, 0)


def kline(open_ms: int, count: int, symbol: str = SYMBOL) -> Candle:
    """The exchange's own of a minute `open_ms` after midnight, that has `count` trades."""
    one, open_time = Decimal(1), MIDNIGHT_MS + open_ms
    figures = (one, one, one, one, Decimal(count), Decimal(count), count, one, one)
    ends = open_time + MINUTE_MS - 1
    return Candle(
        symbol, "1m", open_time, ends, *figures, first_trade_id=None, last_trade_id=None, closed=True, revision=0,
        origin=Origin.EXCHANGE, published_at=0,
    )  # fmt: skip


class MadeExchange:
    """`ExchangeClient`, of what a test lays down.

    Attributes:
        trades: of each symbol, in order; what the database and the newest trades hold.
        newest: of a symbol, the id its 24 hours tell of, where that is another one; -1: there were none.
        klines: of each symbol.
        has_database: else old trades are refused.
        failure: what every question gets instead of an answer.
        asked: paths and symbols, in order.
    """

    def __init__(self) -> None:
        self.trades: dict[str, list[Arrival]] = {SYMBOL: []}
        self.newest: dict[str, int] = {}
        self.klines_of: dict[str, list[Candle]] = {}
        self.has_database = True
        self.failure: ExchangeError | None = None
        self.asked: list[tuple[str, str]] = []
        self.budget = WeightBudget()
        self.starts_ms = 0  # after midnight, at the loop's zero
        self._loop = asyncio.get_running_loop()

    @property
    def client(self) -> ExchangeClient:
        """As the connector wants it."""
        return cast(ExchangeClient, self)

    @property
    def now_ms(self) -> int:
        """Its clock."""
        return MIDNIGHT_MS + self.starts_ms + int(self._loop.time() * 1_000)

    def times_asked(self, path: str) -> int:
        """How often."""
        return sum(asked == path for asked, _ in self.asked)

    async def time_ms(self) -> int:
        await self._hear("time", "")
        return self.now_ms

    async def tickers(self, symbols: Collection[str] | None = None) -> dict[str, RestTicker]:
        await self._hear("ticker/24hr", ",".join(symbols or ()))
        return {
            name: RestTicker(name, self._newest(name), self.now_ms) for name in symbols or () if name in self.trades
        }

    def _newest(self, symbol: str) -> int:
        trades = self.trades[symbol]
        return self.newest.get(symbol, trades[-1].trade_id if trades else -1)

    async def historical_trades(self, symbol: str, from_id: int) -> list[Arrival]:
        await self._hear("historicalTrades", symbol)
        if not self.has_database:
            raise Refused("no database here", status=451)
        return [arrival for arrival in self.trades[symbol] if arrival.trade_id >= max(0, from_id)][:PAGE]

    async def recent_trades(self, symbol: str) -> list[Arrival]:
        await self._hear("trades", symbol)
        return self.trades[symbol][-PAGE:]

    async def klines(self, symbol: str, start_ms: int, *, now_ms: int) -> list[Candle]:
        await self._hear("klines", symbol)
        return [kline for kline in self.klines_of.get(symbol, []) if start_ms <= kline.open_time <= now_ms - MINUTE_MS]

    async def _hear(self, path: str, symbol: str) -> None:
        """There and back."""
        self.asked.append((path, symbol))
        await asyncio.sleep(0.01)
        if self.failure is not None:
            raise self.failure
