"""The exchange as one process sees it: REST that trails, errs and is slow; sockets that lose, double and stall."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from random import Random
from typing import NamedTuple

import msgspec

from tests.simulation.market import SymbolMarket, Traded, to_ms
from tests.simulation.process import Process
from wickstream.binance.rest import Aggregate, ExchangeInfo, RestTicker, SymbolInfo
from wickstream.candle import Candle
from wickstream.errors import FeedLost, RateLimited, Refused
from wickstream.events import MINUTE_MS, Source
from wickstream.exchange.sequencing.arrival import Arrival

KLINES_LAG_S = 3.0

_ZEROS = ",".join(f'"{name}":"0.00000000"' for name in "pPcohlvq")

OnFrame = Callable[[bytes], None]


@dataclass
class Exchange:
    """What all processes share."""

    markets: Mapping[str, SymbolMarket]
    chance: Random
    rest_errors: float = 0.08
    has_database: bool = True  # else `historicalTrades` is refused, as on some hosts
    page: int = 1_000
    weight_share: int = 4_200
    away: tuple[float, float] = (0.0, 0.0)  # REST answers nothing then
    slow_clock: float = 0.0  # share of answers to "what time is it" that come late
    symbols_change: bool = False
    arrivals: dict[tuple[str, int], Arrival] = field(default_factory=dict)

    def arrival(self, symbol: str, trade: Traded) -> Arrival:
        """As REST tells of it."""
        key = symbol, trade.trade_id
        if key not in self.arrivals:
            self.arrivals[key] = Arrival.read(trade.data, Source.REST, 0)
        return self.arrivals[key]


@dataclass
class Budget:
    """Weight is not counted here; how much there is decides what is given up."""

    exchange: Exchange

    @property
    def share(self) -> int:
        return self.exchange.weight_share

    def used(self, *, now_s: float) -> int:
        return 0


class Client:
    """`ExchangeClient`, as far as anybody asks it."""

    def __init__(self, exchange: Exchange, process: Process) -> None:
        self.budget = Budget(exchange)
        self._exchange = exchange
        self._process = process
        self._loop = asyncio.get_running_loop()

    async def time_ms(self) -> int:
        await self._asked()
        said_ms = to_ms(self._loop.time())
        if self._exchange.chance.random() < self._exchange.slow_clock:
            await asyncio.sleep(self._exchange.chance.uniform(3, 10))
        return said_ms

    async def exchange_info(self, symbols: Collection[str] | None = None) -> ExchangeInfo:
        await self._asked()
        now_s = self._loop.time()
        rows = [
            SymbolInfo(symbol, "HALT" if market.is_halted(now_s) else "TRADING")
            for symbol, market in self._exchange.markets.items()
        ]
        return ExchangeInfo(to_ms(now_s), [], rows)

    async def tickers(self, symbols: Collection[str] | None = None) -> dict[str, RestTicker]:
        await self._asked()
        now_s = self._loop.time()
        found = {}
        for symbol, market in self._exchange.markets.items():
            known = [trade for trade in market.trades if trade.in_statistics_at_s <= now_s]
            found[symbol] = RestTicker(symbol, known[-1].trade_id if known else -1, to_ms(now_s))
        return found

    async def historical_trades(self, symbol: str, from_id: int) -> list[Arrival]:
        await self._asked()
        if not self._exchange.has_database:
            raise Refused("no database here", status=451)
        return self._page(symbol, from_id)

    def _page(self, symbol: str, from_id: int) -> list[Arrival]:
        now_s = self._loop.time()
        trades = (t for t in self._exchange.markets[symbol].trades if t.trade_id >= from_id)
        known = [trade for trade in trades if trade.in_database_at_s <= now_s]
        return [self._exchange.arrival(symbol, trade) for trade in known[: self._exchange.page]]

    async def recent_trades(self, symbol: str) -> list[Arrival]:
        await self._asked()
        now_s = self._loop.time()
        known = [trade for trade in self._exchange.markets[symbol].trades if trade.sent_at_s <= now_s]
        return [self._exchange.arrival(symbol, trade) for trade in known[-1_000:]]

    async def agg_trades(self, symbol: str, **_: object) -> list[Aggregate]:
        await self._asked()
        raise Refused("no aggregates in this simulation", status=403)

    async def klines(self, symbol: str, start_ms: int, *, now_ms: int) -> list[Candle]:
        await self._asked()
        known_ms = to_ms(self._loop.time() - self._exchange.chance.uniform(0, KLINES_LAG_S))
        klines = self._exchange.markets[symbol].klines.items()
        return [
            msgspec.structs.replace(kline, closed=kline.close_time < now_ms)
            for open_time, kline in klines
            if open_time >= start_ms and open_time + MINUTE_MS <= known_ms
        ]

    async def _asked(self) -> None:
        """There and back, or not."""
        chance = self._exchange.chance
        await self._process.step()
        await asyncio.sleep(chance.choice((0.01, 0.06, 0.2)))
        await self._process.step()
        if self._exchange.away[0] <= self._loop.time() < self._exchange.away[1]:
            raise FeedLost("away")
        if chance.random() < self._exchange.rest_errors:
            if chance.random() < 0.2:
                raise RateLimited("too much", retry_after_s=chance.choice((1.0, 4.0)))
            raise FeedLost("no answer")


class NoArchive:
    """It has no day that is not over."""

    async def day(self, symbol: str, day: date) -> AsyncIterator[list[Arrival]]:
        raise Refused(f"{day} is not over", status=404)


class _TradeDelivery(NamedTuple):
    """A trade, and when it comes; most processes do not live to see it, so its frame is made only then."""

    at_s: float
    market: SymbolMarket
    trade: Traded

    def frame(self) -> bytes:
        return b'{"stream":"%b@trade","data":%b}' % (self.market.symbol.lower().encode(), self.trade.data)


class _TickerDelivery(NamedTuple):
    """A ticker, and when it comes."""

    at_s: float
    market: SymbolMarket
    closed_s: float
    sent_s: float
    newest: Traded

    def frame(self) -> bytes:
        symbol, first, last = self.market.symbol, self.market.trades[0].trade_id, self.newest.trade_id
        data = (
            f'{{"e":"24hrTicker","E":{to_ms(self.sent_s)},"s":"{symbol}",{_ZEROS},"O":0,"C":{to_ms(self.closed_s)},'
            f'"F":{first},"L":{last},"n":{last - first + 1}}}'
        )
        return f'{{"stream":"{symbol.lower()}@ticker","data":{data}}}'.encode()


_Delivery = _TradeDelivery | _TickerDelivery


class Streams:
    """`Sockets`: one connection after the other; what one delivers, and when, is drawn beforehand."""

    def __init__(self, exchange: Exchange, process: Process, on_frame: OnFrame, *, until_s: float) -> None:
        self._exchange = exchange
        self._process = process
        self._on_frame = on_frame
        self._until_s = until_s
        self._late: list[_Delivery] = []
        self._symbols: tuple[str, ...] = ()
        self._begun = asyncio.Event()

    def follow(self, symbols: Iterable[str]) -> None:
        self._symbols = tuple(symbols)
        self._begun.set()

    def is_silent(self, symbol: str) -> None:
        """What stalls here ends by itself."""

    async def subscribed(self) -> None:
        await asyncio.sleep(self._exchange.chance.choice((0.05, 0.3, 1.0)))

    async def run(self) -> None:
        """Deliver until cancelled."""
        loop = asyncio.get_running_loop()
        await self._begun.wait()
        for delivery in sorted(self._deliveries(loop.time()), key=itemgetter(0)):
            if delivery.at_s > loop.time():
                await asyncio.sleep(delivery.at_s - loop.time())
            if self._process.is_stopped:
                self._late.append(delivery)
                continue
            for due in (*self._late, delivery):
                if due.market.symbol in self._symbols:
                    self._on_frame(due.frame())
            self._late.clear()

    async def run_for_ever(self) -> None:
        """After the last frame there are none."""
        await self.run()
        await asyncio.Event().wait()

    def _deliveries(self, now_s: float) -> Iterator[_Delivery]:
        chance = self._exchange.chance
        spans = list(_connections(now_s, self._until_s, chance))
        for symbol in self._exchange.markets:
            market = self._exchange.markets[symbol]
            stall_s = chance.uniform(now_s, self._until_s) if chance.random() < 0.4 else self._until_s
            stalled = (stall_s, stall_s + chance.uniform(1, 25))
            for from_s, until_s in spans:
                yield from self._trades(market, from_s, until_s, stalled)
                yield from self._tickers(market, from_s, until_s)

    def _trades(
        self, market: SymbolMarket, from_s: float, until_s: float, stalled: tuple[float, float]
    ) -> Iterator[_Delivery]:
        chance = self._exchange.chance
        last_s = 0.0
        for trade in market.trades:
            if not from_s <= trade.sent_at_s < until_s or chance.random() < 0.02:
                continue
            if stalled[0] <= trade.sent_at_s < stalled[1]:
                continue
            at_s = trade.sent_at_s + chance.choice((0.001, 0.003, 0.04))
            if chance.random() < 0.05:
                at_s += chance.uniform(0, 2)  # out of order
            else:
                at_s = last_s = max(at_s, last_s)
            yield _TradeDelivery(at_s, market, trade)
            if chance.random() < 0.05:
                yield _TradeDelivery(at_s + chance.uniform(0, 0.5), market, trade)

    def _tickers(self, market: SymbolMarket, from_s: float, until_s: float) -> Iterator[_Delivery]:
        chance = self._exchange.chance
        closed_s = float(int(max(from_s, 0))) + chance.random()
        known = 0
        while closed_s < until_s:
            while known < len(market.trades) and market.trades[known].in_statistics_at_s <= closed_s:
                known += 1
            halt = market.is_halted(closed_s)
            if known and (halt is None or halt.has_tickers) and chance.random() > 0.05:
                sent_s = closed_s + chance.choice((0.005, 0.02, 0.3))
                at_s = sent_s + chance.choice((0.001, 0.03, 0.9))
                yield _TickerDelivery(at_s, market, closed_s, sent_s, market.trades[known - 1])
            closed_s += 1.0


def _connections(now_s: float, until_s: float, chance: Random) -> Iterator[tuple[float, float]]:
    """Lives that overlap where one is rotated, with silence between where one is lost."""
    at_s = now_s
    while at_s < until_s:
        ends_s = at_s + chance.uniform(10, 150)
        yield at_s, min(ends_s, until_s)
        kind = chance.choice(("rotated", "rotated", "closed", "half-open"))
        gap_s = {
            "rotated": -chance.uniform(0.2, 3),
            "closed": chance.uniform(0.1, 4),
            "half-open": chance.uniform(3, 10),
        }
        at_s = ends_s + gap_s[kind]
