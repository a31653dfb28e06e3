"""One series over three tiers: who asks need not know where a candle lies."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import Unknowable
from wickstream.store.cold.reads import ColdReader
from wickstream.store.hot.hour import NOTHING, HotHour, newest_closed, open_async_client
from wickstream.store.lane.live import Clock, Now, read_symbols
from wickstream.store.series.alert_reads import AlertsReader
from wickstream.store.series.board import Board, lag
from wickstream.store.series.count_reads import CountReader
from wickstream.store.series.exchange_reads import ExchangeReads
from wickstream.store.series.held import Held
from wickstream.store.series.hot_path import HotAnswer, from_hot
from wickstream.store.series.hot_reads import Heard, hear
from wickstream.store.series.market_reads import MarketReader
from wickstream.store.series.plan import Question, hot_suffices, most_minutes, plan
from wickstream.store.series.stitching import Cold, Found, Warm, attempt, find, newest_by_tier
from wickstream.store.series.trade_reads import Trades, TradesReader
from wickstream.store.series.trade_series import TradeQuestion
from wickstream.store.series.wide_reads import WideReader
from wickstream.store.series.zones import Zone, ZonedCold, ZonedWarm
from wickstream.store.warm.api_keys import ApiKey, find_key
from wickstream.store.warm.reads import WarmReader
from wickstream.store.warm.records import RecordsReader

TIERS = ("hot", "warm", "cold")
SYMBOLS_HOLD_S = 5.0  # a new symbol is known so much later
ONE_BY_ONE = 5_000  # minutes; more are faster in columns, and hold nobody else up


@dataclass(frozen=True)
class Series:
    """Candles of one symbol in order of time, and how far they can be trusted.

    Attributes:
        complete: every ended minute of the range is closed, or the symbol did not trade in it.
        sources: whose data it is (`live`, `demo`, `replay:…`), then the tiers that gave some of it.
        as_of_ms: exchange time of the symbol's newest trade; None if the live lane does not say.
        lag_ms: how far that lies behind the exchange's now.
        away: tiers that were needed and did not answer; then it is not complete.
    """

    candles: Sequence[Candle]
    complete: bool
    sources: tuple[str, ...]
    as_of_ms: int | None
    lag_ms: int | None
    away: tuple[str, ...] = ()


class Router:
    """Reads. Use as `async with Router(settings) as router`; servers may come up later, or go and come back.

    Attributes:
        market: reads about all symbols.
        exchange: what the exchange itself said.
        records: the ledger, what of each hour is there, and the history of symbols.
        counts: trades of each side, counted.
        alerts: alerts of all tiers.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._warm = WarmReader(settings)
        self._cold = ColdReader(settings)
        self._wide = WideReader(settings)
        self._redis = open_async_client(settings)
        self._trades = TradesReader(settings, self._redis, self._warm)
        self.counts = CountReader(settings)
        self.alerts = AlertsReader(settings, self._warm)
        self.market = MarketReader(settings, self._redis, self._warm, self.known_symbols)
        self.exchange = ExchangeReads(settings, self._redis, self._warm)
        self.records = RecordsReader(self._warm, self.known_symbols)
        self._known = Held(SYMBOLS_HOLD_S, self._read_known)

    async def __aenter__(self) -> Self:
        await self._warm.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose()
        await self._wide.close()
        await self._warm.close()

    async def klines(
        self,
        symbol: str,
        interval: str,
        *,
        start: int | None,
        end: int | None,
        limit: int,
        closed_only: bool,
        and_forming: bool = False,
        as_known_at: int | None = None,
        zone_ms: int = 0,
    ) -> Series:
        """Candles by `open_time`, both ends inclusive, the forming one last.

        Without a range the newest `limit`; with `start` alone, forward from it; with `end` alone, the last before it.
        With `closed_only` and `and_forming`, of what is not closed only the candle that goes on now. `zone_ms`: windows
        open as clocks say that are so much ahead of UTC. `as_known_at` (ms): of what was known at that moment, by the
        publishers' clock, as if it were asked then; only of closed minutes, and either the same whenever it is asked,
        or an error.

        Raises:
            StoreBusy: If the tiers that hold the range do not answer; names them.
            TooMuch: If it would be rolled up from more than ten years of minutes.
            Unknowable: If nobody can tell what was known at that moment.
        """
        question = Question(symbol, interval, start, end, limit, closed_only, and_forming)
        if as_known_at is not None:
            return await self._as_known_at(question, as_known_at)
        wanted = plan(question)
        heard, _trouble = await attempt(hear(self._redis, symbol))
        hour, now, clock = heard or Heard(NOTHING, Now(symbol, None, None, None), None)
        now_ms = self._now_ms(clock)
        if interval == "1m" and now_ms is not None and hot_suffices(wanted, hour, now_ms):
            return self._series(from_hot(question, wanted, hour, now.forming, now_ms), now, now_ms)
        found = await self._found(question, hour if heard else None, now.forming, now_ms, Zone(zone_ms))
        return self._series(found, now, now_ms, away=found.away)

    async def _found(
        self, question: Question, hour: HotHour | None, forming: Candle | None, now_ms: int | None, zone: Zone
    ) -> Found:
        if not zone.ahead_ms:
            return await self._find(question, hour, forming, now_ms, zone)
        local_ms = zone.now(now_ms)
        found = await self._find(zone.question(question), zone.hour(hour), zone.forming(forming), local_ms, zone)
        return zone.back(found)

    async def _find(
        self, question: Question, hour: HotHour | None, forming: Candle | None, now_ms: int | None, zone: Zone
    ) -> Found:
        wanted = plan(question)
        if most_minutes(wanted) > ONE_BY_ONE and not (hour and hot_suffices(wanted, hour, now_ms)):
            return await self._wide.find(question, hour=hour, forming=forming, now_ms=now_ms, ahead_ms=zone.ahead_ms)
        warm: Warm = ZonedWarm(self._warm, zone.ahead_ms) if zone.ahead_ms else self._warm
        cold: Cold = ZonedCold(self._cold, zone.ahead_ms) if zone.ahead_ms else self._cold
        return await find(question, hour=hour, forming=forming, now_ms=now_ms, warm=warm, cold=cold)

    async def _as_known_at(self, question: Question, known_at_ms: int) -> Series:
        published_ms = time.time_ns() // 1_000_000  # not the exchange's now: those who publish stamp by their clock
        if known_at_ms > published_ms:
            raise Unknowable(f"as_known_at={known_at_ms} is yet to come; it is {published_ms}")
        found = await self._wide.find_as_known_at(question, known_at_ms)
        return Series(found.candles, found.complete, (self._settings.source, *found.tiers), None, None)

    def _series(self, found: HotAnswer | Found, now: Now, now_ms: int | None, *, away: tuple[str, ...] = ()) -> Series:
        as_of_ms = now.price.traded_at_ms if now.price else None
        sources = (self._settings.source, *found.tiers)
        return Series(found.candles, found.complete, sources, as_of_ms, lag(as_of_ms, now_ms), away)

    async def trades(self, symbol: str, *, from_id: int | None, limit: int) -> Trades:
        """Single trades in the order of their ids: at most `limit` from `from_id` on, or the newest.

        Raises:
            StoreBusy: If no store that may have some of it answers; names them.
        """
        return await self._trades.read(symbol, from_id=from_id, limit=limit)

    async def trades_page(self, question: TradeQuestion) -> Trades:
        """Single trades by id or by time.

        Raises:
            StoreBusy: If no store that may have some of it answers; names them.
        """
        return await self._trades.page(question)

    async def board(self) -> Board:
        """As `market.board`."""
        return await self.market.board()

    async def key_of(self, digest: bytes) -> ApiKey | None:
        """The key of the API with that hash, be it good or not.

        Raises:
            StoreBusy: If PostgreSQL does not answer.
        """
        return await find_key(self._warm, digest)

    async def known_symbols(self) -> Collection[str]:
        """Those of the settings, those heard of within a day, and those of which there are candles."""
        return await self._known.get()

    async def _read_known(self) -> frozenset[str]:
        answers = await asyncio.gather(attempt(read_symbols(self._redis)), attempt(self._warm.symbols()))
        found = (symbol for symbols, _trouble in answers for symbol in symbols or [])
        return frozenset((*self._settings.named_symbols, *found))

    async def tier_states(self, tiers: Collection[str] = TIERS) -> Mapping[str, int | None]:
        """Open time (ms) of the newest closed candle per tier that answers; a tier that does not is left out."""
        symbols = self._settings.named_symbols or tuple(await self.known_symbols())
        reads = {
            "hot": lambda: newest_closed(self._redis, symbols),
            "warm": lambda: self._warm.newest_closed(symbols),
            "cold": self._newest_archived,
        }
        return await newest_by_tier({tier: reads[tier]() for tier in TIERS if tier in tiers})

    async def _newest_archived(self) -> int | None:
        span = await self._cold.span()
        return span[1] if span else None

    def _now_ms(self, clock: Clock | None) -> int | None:
        """The exchange's now; in a replay its clock stands where the recording is."""
        if clock is None:
            return None
        return clock.now_ms(time.time_ns() // 1_000_000, stands_still=self._settings.is_replay)
