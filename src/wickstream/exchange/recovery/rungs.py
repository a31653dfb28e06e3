"""The rungs of the ladder: where the trades of a hole may be had, each asked in its own way."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from functools import partial
from typing import Protocol, TypeVar

from wickstream.binance.archive import DAY_MS, day_of
from wickstream.binance.rest import Aggregate
from wickstream.binance.weights import PAGE
from wickstream.errors import Refused
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.exchange.recovery.absence import Absences
from wickstream.exchange.recovery.draft import Means, ids_of_entry
from wickstream.exchange.recovery.mending import Span, Timed, TradedMinute, of_aggregates, of_trades, open_time_of
from wickstream.exchange.rest.archive import Archive, DayFile
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.clock import ExchangeClock

HEAD = PAGE // 2
SPOT_BEGAN_MS = 1_500_000_000_000  # July 2017: nothing was traded before

Item = TypeVar("Item", bound=Timed)


class Rung(Protocol[Item]):
    """A way to fetch what an entry lacks. Every question may raise ExchangeError."""

    @property
    def means(self) -> Means:
        """What it is called."""
        ...

    @property
    def absent(self) -> Collection[Span]:
        """Ids that pages asked twice, late enough, did not hold; grows while batches are asked for."""
        ...

    def batches(self, part: Gap) -> AsyncGenerator[list[Item], None]:
        """Trades, ascending, from the start of the minute of the id before the part on, until no more are asked for."""
        ...

    def minute(self, items: Sequence[Item], *, published_at: int) -> TradedMinute:
        """One minute of them."""
        ...


class ById:
    """`historicalTrades`: by id, from the exchange's database."""

    means = Means("rest", "historicalTrades")

    def __init__(self, client: ExchangeClient, clock: ExchangeClock, *, absence_is_provable: bool) -> None:
        self._client = client
        self._absences = Absences[Arrival](clock, are_provable=absence_is_provable)
        self.absent = self._absences.proven

    def minute(self, items: Sequence[Arrival], *, published_at: int) -> TradedMinute:
        """One minute of trades."""
        return of_trades(items, published_at=published_at)

    async def batches(self, part: Gap) -> AsyncGenerator[list[Arrival], None]:
        """Page by page; the first one begins well before the part, so that of a small one it holds both edges."""
        first = ids_of_entry(part).first
        ask = partial(self._client.historical_trades, part.symbol)
        page = await self._absences.page(part, first, partial(ask, max(0, first - HEAD)))
        before = await self._back_to_the_minute([one for one in page if one.trade_id < first], part.symbol, first)
        yield before + [one for one in page if one.trade_id >= first]
        while page:
            next_id = max(first, page[-1].trade_id + 1)
            page = await self._absences.page(part, next_id, partial(ask, next_id))
            yield page

    async def _back_to_the_minute(self, found: list[Arrival], symbol: str, before_id: int) -> list[Arrival]:
        """`found`, the newest trades before an id, from the start of the minute of the last of them."""
        lowest = found[0].trade_id if found else before_id
        while lowest > 0 and (not found or open_time_of(found[0]) == open_time_of(found[-1])):
            page = await self._client.historical_trades(symbol, lowest - PAGE)
            page = [arrival for arrival in page if arrival.trade_id < lowest]
            if not page:
                break
            found, lowest = page + found, page[0].trade_id
        return [arrival for arrival in found if open_time_of(arrival) == open_time_of(found[-1])]


class Newest:
    """`trades`: the newest 1,000, from the exchange's memory."""

    means = Means("trades", "trades")
    absent: Collection[Span] = ()

    def __init__(self, client: ExchangeClient) -> None:
        self._client = client

    def minute(self, items: Sequence[Arrival], *, published_at: int) -> TradedMinute:
        """One minute of trades."""
        return of_trades(items, published_at=published_at)

    async def batches(self, part: Gap) -> AsyncGenerator[list[Arrival], None]:
        """One, if it reaches back to the part."""
        page = await self._client.recent_trades(part.symbol)
        if page and page[0].trade_id <= ids_of_entry(part).last:
            yield page


class Archived:
    """The archive's daily files; the day a trade belongs to is found among the aggregates."""

    means = Means("archive", "the archive")
    absent: Collection[Span] = ()

    def __init__(self, client: ExchangeClient, archive: Archive, clock: ExchangeClock) -> None:
        self._client = client
        self._archive = archive
        self._clock = clock

    def minute(self, items: Sequence[Arrival], *, published_at: int) -> TradedMinute:
        """One minute of trades."""
        return of_trades(items, published_at=published_at)

    async def batches(self, part: Gap) -> AsyncGenerator[list[Arrival], None]:
        """From the files of the days that are over."""
        start_ms = await minute_before(self._client, self._clock, part)
        day_ms = start_ms // DAY_MS * DAY_MS
        while day_ms + DAY_MS <= now_ms(self._clock):
            file = await self._archive.day(part.symbol, day_of(day_ms))
            async for batch in _read(file, start_ms):
                yield batch
            day_ms += DAY_MS
        if day_ms == start_ms // DAY_MS * DAY_MS:
            raise Refused(f"the archive has no {day_of(day_ms)} before that day is over", status=404)


async def _read(file: DayFile, from_ms: int) -> AsyncGenerator[list[Arrival], None]:
    """In a thread: a day may have millions of rows."""
    batches = file.read(from_ms=from_ms)
    while batch := await asyncio.to_thread(_next, batches):
        yield batch


def _next(batches: Iterator[list[Arrival]]) -> list[Arrival]:
    return next(batches, [])


class Aggregated:
    """`aggTrades`: no trades of their own, but candles to the last digit."""

    means = Means("agg", "aggTrades", GapStatus.CANDLES_ONLY)

    def __init__(self, client: ExchangeClient, clock: ExchangeClock, *, absence_is_provable: bool) -> None:
        self._client = client
        self._clock = clock
        self._absences = Absences[Aggregate](clock, are_provable=absence_is_provable)
        self.absent = self._absences.proven

    def minute(self, items: Sequence[Aggregate], *, published_at: int) -> TradedMinute:
        """One minute of aggregates."""
        return of_aggregates(items, published_at=published_at)

    async def batches(self, part: Gap) -> AsyncGenerator[list[Aggregate], None]:
        """Page by page."""
        ask = partial(self._client.agg_trades, part.symbol)
        question = partial(ask, start_ms=await minute_before(self._client, self._clock, part))
        next_id = ids_of_entry(part).first
        while page := await self._absences.page(part, next_id, question):
            yield page
            next_id, question = page[-1].last_trade_id + 1, partial(ask, from_id=page[-1].agg_id + 1)


def now_ms(clock: ExchangeClock) -> int:
    """The exchange's time; the loop's clock tells how long ago we looked."""
    return clock.now_ms(now_s=asyncio.get_running_loop().time())


async def minute_before(client: ExchangeClient, clock: ExchangeClock, part: Gap) -> int:
    """Open time of the minute of the id before a part (of an absent one: the minute before it), by halving."""
    trade_id = max(0, ids_of_entry(part).first - 1)
    high = (now_ms(clock) // MINUTE_MS + 1) * MINUTE_MS
    width = MINUTE_MS
    low = high - width
    while low > SPOT_BEGAN_MS and await _first_id(client, part.symbol, low) > trade_id:
        high, width = low, 2 * width
        low = max(SPOT_BEGAN_MS, high - width)
    while high - low > MINUTE_MS:
        middle = (low + high) // (2 * MINUTE_MS) * MINUTE_MS
        if await _first_id(client, part.symbol, middle) > trade_id:
            high = middle
        else:
            low = middle
    return low


async def _first_id(client: ExchangeClient, symbol: str, from_ms: int) -> float:
    """The first trade id at or after a moment; infinite where there is none."""
    found = await client.agg_trades(symbol, start_ms=from_ms, limit=1)
    return found[0].first_trade_id if found else float("inf")
