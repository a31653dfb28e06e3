"""Tiers that answer from memory, and say so when they are told to be down."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from tests.sample_market import MIDNIGHT_MS, a_candle, a_ticker
from tests.unit.serve.fake_market import FakeMarket
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy, TooMuch, Unknowable
from wickstream.events import MINUTE_MS, Ticker, Trade
from wickstream.store.warm.api_keys import ApiKey


@dataclass(frozen=True)
class FakeSeries:
    """What `klines` gives."""

    candles: Sequence[Candle]
    complete: bool = True
    sources: Sequence[str] = ("demo", "hot")
    as_of_ms: int | None = MIDNIGHT_MS
    lag_ms: int | None = 7
    away: Sequence[str] = ()


@dataclass(frozen=True)
class FakeTrades:
    """What `trades` gives."""

    trades: Sequence[Trade]


NEWEST_ID = 2_500  # of the trades that are kept


@dataclass(frozen=True)
class FakeRow:
    """One symbol of the board."""

    symbol: str
    last_price: Decimal | None
    ticker: Ticker | None
    age_ms: int | None


@dataclass(frozen=True)
class FakeBoard:
    """What `board` gives."""

    rows: Sequence[FakeRow]
    sources: Sequence[str] = ("demo", "hot")
    as_of_ms: int | None = MIDNIGHT_MS
    lag_ms: int | None = 7


@dataclass
class FakeTiers:
    """BTCUSDT with some minutes, the last one forming; ETHUSDT that nothing was heard of."""

    down: bool = False
    broken: bool = False
    too_much: bool = False
    is_forgetful: bool = False
    minutes: int = 3
    away: Sequence[str] = ()
    asked: list[dict[str, object]] = field(default_factory=list)
    keys: dict[bytes, ApiKey] = field(default_factory=dict)

    @property
    def market(self) -> FakeMarket:
        return FakeMarket(self._answer_or_raise)

    async def klines(
        self,
        symbol: str,
        interval: str,
        *,
        start: int | None,
        end: int | None,
        limit: int,
        closed_only: bool,
        as_known_at: int | None,
    ) -> FakeSeries:
        self._answer_or_raise()
        if as_known_at and self.is_forgetful:
            raise Unknowable("not kept any more")
        asked: dict[str, object] = {"symbol": symbol, "interval": interval, "start": start, "end": end, "limit": limit}
        self.asked.append(asked | {"as_known_at": as_known_at})
        candles = [a_candle(minute, closed=minute < self.minutes - 1) for minute in range(self.minutes)]
        wanted = [candle for candle in candles if candle.closed or not closed_only]
        wanted = [one for one in wanted if (start or 0) <= one.open_time <= (one.open_time if end is None else end)]
        wanted = wanted[-limit:] if start is None else wanted[:limit]
        return FakeSeries(wanted, complete=not self.away, away=self.away)

    async def trades(self, symbol: str, *, from_id: int | None, limit: int) -> FakeTrades:
        self._answer_or_raise()
        wanted = range(from_id or 0, NEWEST_ID + 1)[:limit]
        return FakeTrades(
            [
                Trade(symbol, number, Decimal("100.5"), Decimal("0.2"), MIDNIGHT_MS, buyer_is_maker=False)
                for number in wanted
            ]
        )

    async def board(self) -> FakeBoard:
        self._answer_or_raise()
        heard = FakeRow("BTCUSDT", Decimal("102.5"), a_ticker(), 40)
        return FakeBoard([heard, FakeRow("ETHUSDT", None, None, None)])

    async def key_of(self, digest: bytes) -> ApiKey | None:
        self._answer_or_raise()
        return self.keys.get(digest)

    async def known_symbols(self) -> Sequence[str]:
        return ("BTCUSDT", "ETHUSDT")

    async def tier_states(self) -> Mapping[str, int | None]:
        return {} if self.down else {"hot": MIDNIGHT_MS + MINUTE_MS, "warm": MIDNIGHT_MS + MINUTE_MS}

    @asynccontextmanager
    async def opened(self, _: Settings) -> AsyncIterator["FakeTiers"]:
        yield self

    def _answer_or_raise(self) -> None:
        if self.broken:
            raise RuntimeError("a fault of ours")
        if self.too_much:
            raise TooMuch("ask for less")
        if self.down:
            raise StoreBusy("no tier answers", retry_after_s=2)
