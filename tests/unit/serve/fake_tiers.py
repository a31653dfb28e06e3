"""Tiers that answer from memory, and say so when they are told to be down."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from tests.sample_market import MIDNIGHT_MS, a_candle, a_ticker
from tests.unit.serve.fake_alerts import FakeAlerts
from tests.unit.serve.fake_market import FakeMarket
from tests.unit.serve.fake_records import FakeRecords
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy, TooMuch, Unknowable
from wickstream.events import MINUTE_MS, Ticker, Trade
from wickstream.store.series.count_reads import Counted
from wickstream.store.series.side_counts import Sides
from wickstream.store.series.trade_series import TradeQuestion
from wickstream.store.warm.api_keys import ApiKey

A_TICKER_FRAME = (
    b'{"e":"24hrTicker","E":1723161600050,"s":"BTCUSDT","p":"2.50000000","P":"2.500","w":"101.10000000",'
    b'"x":"99.00000000","c":"102.50000000","Q":"1.00000000","b":"102.40000000","B":"3.00000000","a":"102.60000000",'
    b'"A":"4.00000000","o":"100.00000000","h":"103.00000000","l":"99.00000000","v":"40.00000000","q":"4044.00000000",'
    b'"O":1723075200000,"C":1723161600000,"F":1,"L":600,"n":600}'
)


@dataclass(frozen=True)
class FakeSeries:
    """What `klines` gives."""

    candles: Sequence[Candle]
    complete: bool = True
    sources: Sequence[str] = ("demo", "hot")
    as_of_ms: int | None = MIDNIGHT_MS
    lag_ms: int | None = 7
    away: Sequence[str] = ()


OLDEST_ID = 1
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


@dataclass(frozen=True)
class FakeTrades:
    """What `trades` gives."""

    trades: Sequence[Trade]
    missing: Sequence[tuple[int, int]] = ()
    ids: range = range(0)
    tiers: Sequence[str] = ("lane",)
    away: Sequence[str] = ()

    @property
    def complete(self) -> bool:
        return not self.missing


def _trade(symbol: str, number: int) -> Trade:
    at = MIDNIGHT_MS + 1_000 * number
    return Trade(symbol, number, Decimal("100.5"), Decimal("0.2"), at, buyer_is_maker=number % 2 == 0)


@dataclass
class FakeExchange:
    """A minute past midnight; one ticker."""

    down: bool = False

    async def now_ms(self) -> int:
        self._answer_or_raise()
        return MIDNIGHT_MS + MINUTE_MS

    async def tickers(self, symbols: Sequence[str]) -> Mapping[str, bytes]:
        self._answer_or_raise()
        return {"BTCUSDT": A_TICKER_FRAME} if "BTCUSDT" in symbols else {}

    async def statuses(self) -> Mapping[str, str]:
        self._answer_or_raise()
        return {"BTCUSDT": "TRADING", "ETHUSDT": "delisted"}

    def _answer_or_raise(self) -> None:
        if self.down:
            raise StoreBusy("nothing was heard", retry_after_s=2)


@dataclass(frozen=True)
class FakeCounts:
    """What an archive says that has nothing of the first candle, and nothing at all while it is away."""

    is_away: bool

    async def read(self, candles: Sequence[Candle]) -> Counted:
        if self.is_away:
            return Counted([None] * len(candles), away=("cold",))
        sides = [None if one is candles[0] else Sides(4, one.trade_count - 4) for one in candles]
        return Counted(sides, tiers=("cold",))


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
    asked_besides: list[tuple[bool, int]] = field(default_factory=list)  # and_forming, zone_ms
    exchange: FakeExchange = field(default_factory=FakeExchange)

    @property
    def alerts(self) -> FakeAlerts:
        self._answer_or_raise()
        return FakeAlerts(self.away)

    @property
    def market(self) -> FakeMarket:
        return FakeMarket(self._answer_or_raise)

    @property
    def records(self) -> FakeRecords:
        return FakeRecords(self._answer_or_raise)

    @property
    def counts(self) -> FakeCounts:
        return FakeCounts(is_away="cold" in self.away)

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
        as_known_at: int | None,
        zone_ms: int = 0,
    ) -> FakeSeries:
        self._answer_or_raise()
        if as_known_at and self.is_forgetful:
            raise Unknowable("not kept any more")
        asked: dict[str, object] = {"symbol": symbol, "interval": interval, "start": start, "end": end, "limit": limit}
        self.asked.append(asked | {"as_known_at": as_known_at})
        candles = [a_candle(minute, closed=minute < self.minutes - 1) for minute in range(self.minutes)]
        self.asked_besides.append((and_forming, zone_ms))
        wanted = [candle for candle in candles if candle.closed or and_forming or not closed_only]
        wanted = [one for one in wanted if (start or 0) <= one.open_time <= (one.open_time if end is None else end)]
        wanted = wanted[-limit:] if start is None else wanted[:limit]
        return FakeSeries(wanted, complete=not self.away, away=self.away)

    async def trades(self, symbol: str, *, from_id: int | None, limit: int) -> FakeTrades:
        self._answer_or_raise()
        if from_id is not None and from_id < OLDEST_ID:
            return FakeTrades([], [(from_id, from_id + limit - 1)])
        held = range(OLDEST_ID, NEWEST_ID + 1)
        wanted = held[-limit:] if from_id is None else range(from_id, NEWEST_ID + 1)[:limit]
        return FakeTrades(
            [
                Trade(symbol, number, Decimal("100.5"), Decimal("0.2"), MIDNIGHT_MS, buyer_is_maker=False)
                for number in wanted
            ]
        )

    async def trades_page(self, question: TradeQuestion) -> FakeTrades:
        """Trade `n` is of the second `n` after midnight."""
        self._answer_or_raise()
        held = [_trade(question.symbol, number) for number in range(OLDEST_ID, NEWEST_ID + 1)]
        wanted = [one for one in held if question.is_within(one)]
        if question.from_id is not None:
            wanted = [one for one in wanted if one.trade_id >= question.from_id]
        if question.before_id is not None:
            wanted = [one for one in wanted if one.trade_id < question.before_id]
        is_forward = question.from_id is not None or question.start is not None
        page = wanted[: question.limit] if is_forward else wanted[-question.limit :]
        ids = range(page[0].trade_id, page[-1].trade_id + 1) if page else range(0)
        return FakeTrades(page, ids=ids, away=self.away)

    async def board(self) -> FakeBoard:
        self._answer_or_raise()
        heard = FakeRow("BTCUSDT", Decimal("102.5"), a_ticker(), 40)
        return FakeBoard([heard, FakeRow("ETHUSDT", None, None, None)])

    async def key_of(self, digest: bytes) -> ApiKey | None:
        self._answer_or_raise()
        return self.keys.get(digest)

    async def known_symbols(self) -> Sequence[str]:
        return ("BTCUSDT", "ETHUSDT")

    async def tier_states(self, tiers: Collection[str] = ("hot", "warm")) -> Mapping[str, int | None]:
        return {} if self.down else {tier: MIDNIGHT_MS + MINUTE_MS for tier in ("hot", "warm") if tier in tiers}

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
