"""What the routes need of the tiers; `store.router.Router` is the one that runs, tests bring their own."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Protocol

from fastapi import Depends, Request

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import Gap, Ticker, Trade
from wickstream.store.lane.agreement import Comparison
from wickstream.store.series.alert_reads import Alerts
from wickstream.store.series.alert_series import AlertQuestion
from wickstream.store.series.board import Moment
from wickstream.store.series.count_reads import Counted
from wickstream.store.series.market_reads import Vitals
from wickstream.store.series.trade_series import TradeQuestion
from wickstream.store.series.turnover import Turnovers
from wickstream.store.warm.api_keys import ApiKey
from wickstream.store.warm.gap_reads import GapQuestion
from wickstream.store.warm.hour_minutes import Hour
from wickstream.store.warm.integrity import HourCount
from wickstream.store.warm.proofs import Proof
from wickstream.store.warm.symbol_reads import SymbolRecord


class Series(Protocol):
    """Candles of one symbol in order of time, and how far they can be trusted."""

    @property
    def candles(self) -> Sequence[Candle]: ...
    @property
    def complete(self) -> bool: ...
    @property
    def sources(self) -> Sequence[str]:
        """The data folder's source, then the tiers that answered."""
        ...

    @property
    def as_of_ms(self) -> int | None: ...
    @property
    def lag_ms(self) -> int | None: ...
    @property
    def away(self) -> Sequence[str]:
        """Tiers that were needed and did not answer."""
        ...


class BoardRow(Protocol):
    """One symbol as the live lane sees it now."""

    @property
    def symbol(self) -> str: ...
    @property
    def last_price(self) -> Decimal | None: ...
    @property
    def ticker(self) -> Ticker | None: ...
    @property
    def age_ms(self) -> int | None: ...


class Board(Protocol):
    """All symbols, in the order of the settings."""

    @property
    def rows(self) -> Sequence[BoardRow]: ...
    @property
    def sources(self) -> Sequence[str]: ...
    @property
    def as_of_ms(self) -> int | None: ...
    @property
    def lag_ms(self) -> int | None: ...


class MarketReader(Protocol):
    """All followed symbols at once; every read raises StoreBusy if no tier can answer."""

    async def moment(self) -> Moment: ...
    async def vitals(self) -> Vitals: ...
    async def day(self) -> Turnovers: ...
    async def hour(self) -> Turnovers: ...
    async def followed(self) -> Sequence[str]: ...
    async def agreement(self, symbols: Sequence[str]) -> Mapping[str, Comparison]: ...


class Trades(Protocol):
    """Single trades of one symbol in the order of their ids."""

    @property
    def trades(self) -> Sequence[Trade]: ...
    @property
    def ids(self) -> range:
        """Those asked for, as far as anybody has heard of them."""
        ...

    @property
    def missing(self) -> Sequence[tuple[int, int]]:
        """First and last id of what was asked for and is not held."""
        ...

    @property
    def complete(self) -> bool: ...
    @property
    def tiers(self) -> Sequence[str]: ...
    @property
    def away(self) -> Sequence[str]: ...


class Exchange(Protocol):
    """What the exchange itself said last; every read raises StoreBusy if what holds it does not answer."""

    async def now_ms(self) -> int: ...

    async def tickers(self, symbols: Sequence[str]) -> Mapping[str, bytes]:
        """As it sent them."""
        ...

    async def statuses(self) -> Mapping[str, str]: ...


class RecordsReader(Protocol):
    """What PostgreSQL alone has; every read raises StoreBusy if it does not answer."""

    async def gaps(self, question: GapQuestion) -> Sequence[Gap]: ...
    async def hours(self, symbols: Sequence[str], first_ms: int, last_ms: int) -> Sequence[HourCount]: ...
    async def hour(self, symbol: str, first_ms: int, last_ms: int) -> Hour: ...
    async def proofs(self, kind: str | None, limit: int) -> Sequence[Proof]: ...
    async def newest_closed(self, symbols: Sequence[str]) -> int | None: ...
    async def names(self) -> Sequence[str]: ...
    async def symbols(self, names: Sequence[str], *, events: int) -> Sequence[SymbolRecord]: ...


class CountReader(Protocol):
    """Trades of each side, counted one by one."""

    async def read(self, candles: Sequence[Candle]) -> Counted: ...


class AlertsReader(Protocol):
    """Alerts of all tiers as one list."""

    async def read(self, question: AlertQuestion) -> Alerts: ...


class Reader(Protocol):
    """One series over three tiers; every read raises StoreBusy if no tier can answer."""

    @property
    def alerts(self) -> AlertsReader: ...

    @property
    def market(self) -> MarketReader: ...

    @property
    def records(self) -> RecordsReader: ...

    @property
    def counts(self) -> CountReader: ...

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
    ) -> Series: ...

    async def trades(self, symbol: str, *, from_id: int | None, limit: int) -> Trades: ...
    async def trades_page(self, question: TradeQuestion) -> Trades: ...

    @property
    def exchange(self) -> Exchange: ...

    async def board(self) -> Board: ...

    async def key_of(self, digest: bytes) -> ApiKey | None:
        """The key of the API with that hash, be it good or not."""
        ...

    async def known_symbols(self) -> Collection[str]: ...

    async def tier_states(self, tiers: Collection[str] = ...) -> Mapping[str, int | None]:
        """Open time (ms) of the newest closed candle per tier that answers; a tier that does not is left out."""
        ...


def _reader(request: Request) -> Reader:
    reader: Reader = request.app.state.reader
    return reader


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(_settings)]
ReaderDep = Annotated[Reader, Depends(_reader)]
