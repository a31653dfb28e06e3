"""The market as it is now, out of Redis, or out of PostgreSQL where Redis is away."""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import redis.asyncio

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.hot.hour import read_values
from wickstream.store.lane.agreement import Comparison
from wickstream.store.lane.live import CLOCK_KEY, Clock, Now, clock_of, read_now, read_symbols
from wickstream.store.lane.pulse import Pulse, pulse_of
from wickstream.store.series.agreement_reads import read_agreement
from wickstream.store.series.board import Board, Moment, Quote, heard_at_ms, lag, price_of, quote
from wickstream.store.series.held import Held
from wickstream.store.series.hour_reads import HourReader
from wickstream.store.series.stitching import attempt
from wickstream.store.series.turnover import Basis, Turnovers, of_ticker
from wickstream.store.warm.market_reads import Word, read_days, read_words
from wickstream.store.warm.reads import WarmReader

WORDS_HOLD_S = 5.0  # a halt is told so much later
HOUR_HOLD_S = 1.0  # of 500 symbols it is 17 MB out of Redis


@dataclass(frozen=True)
class Vital:
    """What is known of how a symbol is.

    Attributes:
        word: the exchange's; None: not known.
        pulse: None: cannot be told, because Redis is away.
    """

    symbol: str
    heard_at_ms: int | None
    traded_at_ms: int | None
    age_ms: int | None
    word: str | None
    pulse: Pulse | None


@dataclass(frozen=True)
class Vitals:
    """Every symbol that is followed, by name; `away` names tiers without which something cannot be told."""

    rows: tuple[Vital, ...]
    sources: tuple[str, ...]
    moment: Moment
    away: tuple[str, ...]


@dataclass(frozen=True)
class _Followed:
    symbols: list[str]
    words: Mapping[str, Word] | None  # None: PostgreSQL is away
    is_heard: bool  # False: Redis is


class MarketReader:
    """Reads for routes about all symbols; a part of the Router."""

    def __init__(
        self,
        settings: Settings,
        client: "redis.asyncio.Redis",
        warm: WarmReader,
        known_symbols: Callable[[], Awaitable[Collection[str]]],
    ) -> None:
        self._settings = settings
        self._redis = client
        self._warm = warm
        self._known_symbols = known_symbols
        self._words = Held(WORDS_HOLD_S, lambda: read_words(warm))
        self._hour = Held(HOUR_HOLD_S, self._read_hour)

    async def board(self) -> Board:
        """Every symbol's last price and day; without Redis the price of its newest candle.

        Raises:
            StoreBusy: If neither Redis nor PostgreSQL answers.
        """
        heard, trouble = await attempt(read_symbols(self._redis))
        if heard is None:
            return await self._board_of_candles(trouble)
        symbols = list(dict.fromkeys([*self._settings.named_symbols, *sorted(heard)]))
        rows, clock = await read_now(self._redis, symbols)
        moment = self._moment(clock)
        quotes = tuple(quote(row, moment.now_ms) for row in rows)
        return Board(quotes, (self._settings.source, "lane"), moment.as_of_ms, moment.lag_ms)

    async def _board_of_candles(self, trouble: StoreBusy | None) -> Board:
        symbols = list(dict.fromkeys([*self._settings.named_symbols, *sorted(await self._known_symbols())]))
        newest, more_trouble = await attempt(self._warm.newest_prices(symbols))
        if newest is None:
            raise StoreBusy(f"{trouble}; {more_trouble}")
        rows = tuple(Quote(symbol, newest.get(symbol), None, None) for symbol in symbols)
        return Board(rows, (self._settings.source, "warm"), as_of_ms=None, lag_ms=None)

    async def moment(self) -> Moment:
        """When now is; nothing of it is known while Redis is away."""
        values, _trouble = await attempt(read_values(self._redis, [CLOCK_KEY]))
        return self._moment(clock_of(values[0]) if values else None)

    async def vitals(self) -> Vitals:
        """How every followed symbol is; without Redis only who is halted, without PostgreSQL all but that.

        Raises:
            StoreBusy: If neither answers.
        """
        followed = await self._followed()
        nothing = [Now(symbol, None, None, None) for symbol in followed.symbols]
        rows, clock = await read_now(self._redis, followed.symbols) if followed.is_heard else (nothing, None)
        moment, words = self._moment(clock), followed.words or {}
        told = {"hot": followed.is_heard, "warm": followed.words is not None}
        return Vitals(
            rows=tuple(_vital(row, words.get(row.symbol), moment.now_ms, is_blind=not told["hot"]) for row in rows),
            sources=(self._settings.source, *(["lane"] if told["hot"] else []), *(["warm"] if told["warm"] else [])),
            moment=moment,
            away=tuple(tier for tier, has_answered in told.items() if not has_answered),
        )

    async def day(self) -> Turnovers:
        """The last 24 hours of each followed symbol: from tickers; without Redis from candles, up to the newest.

        Raises:
            StoreBusy: If neither Redis nor PostgreSQL answers.
        """
        followed = await self._followed()
        if not followed.is_heard:
            return await self._day_of_candles(followed.symbols)
        heard, clock = await read_now(self._redis, followed.symbols)
        rows = tuple(of_ticker(now.ticker, price_of(now)) for now in heard if now.ticker)
        complete = len(rows) == len(followed.symbols)
        return Turnovers(rows, Basis.TICKERS, complete, (self._settings.source, "lane"), self._moment(clock))

    async def _day_of_candles(self, symbols: list[str]) -> Turnovers:
        newest_ms = await self._warm.newest_closed(symbols)
        rows = () if newest_ms is None else tuple(await read_days(self._warm, symbols, newest_ms))
        sources = (self._settings.source, "warm")
        return Turnovers(rows, Basis.CANDLES, complete=False, sources=sources, moment=Moment(), away=("hot",))

    async def hour(self) -> Turnovers:
        """The minute of now and the 59 before it, from candles, the forming one too; at most a second old.

        Raises:
            StoreBusy: If neither Redis nor PostgreSQL answers.
        """
        return await self._hour.get()

    async def _read_hour(self) -> Turnovers:
        followed = await self._followed()
        reader = HourReader(self._settings.source, self._redis, self._warm, self._moment)
        return await reader.read(followed.symbols)

    async def agreement(self, symbols: Sequence[str]) -> Mapping[str, Comparison]:
        """The live lane's last minutes of each of these beside the closed candles.

        Raises:
            StoreBusy: If Redis or PostgreSQL does not answer.
        """
        return await read_agreement(self._redis, self._warm, symbols)

    async def followed(self) -> Sequence[str]:
        """Names of all that are followed, in order.

        Raises:
            StoreBusy: If neither Redis nor PostgreSQL answers.
        """
        return (await self._followed()).symbols

    async def _followed(self) -> _Followed:
        """Those that are named, heard of or chosen by a rule, without those that the exchange's word says we left."""
        heard, trouble = await attempt(read_symbols(self._redis))
        words, more_trouble = await attempt(self._words.get())
        if heard is None and words is None:
            raise StoreBusy(f"{trouble}; {more_trouble}")
        said = words or {}
        candidates = {*self._settings.named_symbols, *(heard or ()), *said}
        symbols = sorted(symbol for symbol in candidates if symbol not in said or said[symbol].is_followed)
        return _Followed(symbols, words, is_heard=heard is not None)

    def _moment(self, clock: Clock | None) -> Moment:
        return Moment.of(clock, time.time_ns() // 1_000_000, stands_still=self._settings.is_replay)


def _vital(now: Now, word: Word | None, now_ms: int | None, *, is_blind: bool) -> Vital:
    status = word.status if word else None
    heard_ms, traded_ms = heard_at_ms(now), now.price.traded_at_ms if now.price else None
    pulse = pulse_of(word=status, heard_at_ms=heard_ms, traded_at_ms=traded_ms, now_ms=now_ms)
    told = None if is_blind and pulse is not Pulse.HALTED else pulse
    return Vital(now.symbol, heard_ms, traded_ms, lag(heard_ms, now_ms), status, told)
