"""The words all stages share: frozen records, with the unit beside the field."""

from decimal import Decimal
from enum import StrEnum

import msgspec

MINUTE_MS = 60_000
DAY_MS = 1_440 * MINUTE_MS


class Source(StrEnum):
    """Where a trade came from."""

    WS = "ws"
    REST = "rest"
    ARCHIVE = "archive"


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One execution on an exchange, unique by `(symbol, trade_id)`."""

    symbol: str  # as the exchange spells it: "BTCUSDT"
    trade_id: int  # grows by one per symbol on Spot, so a jump is a hole
    price: Decimal  # quote asset per unit of base asset
    quantity: Decimal  # base asset
    traded_at_ms: int  # the exchange's `T`, UTC epoch
    buyer_is_maker: bool  # True: the taker sold
    counts: bool = True  # False: an off-book trade (futures), sequenced but in no candle


class Ticker(msgspec.Struct, frozen=True, gc=False):
    """The exchange's rolling 24 hours of one symbol, as of `closed_at_ms`."""

    symbol: str
    event_at_ms: int  # when it was sent
    closed_at_ms: int  # what it is as of; never use `event_at_ms` as proof
    first_trade_id: int  # -1: no trade in the window
    last_trade_id: int
    trade_count: int
    last_price: Decimal
    open_price: Decimal
    high_price: Decimal
    low_price: Decimal
    price_change: Decimal
    price_change_pct: Decimal
    volume: Decimal  # base asset
    quote_volume: Decimal


class Mark(msgspec.Struct, frozen=True):
    """The connector's word that a minute is complete, and what it must hold.

    A quiet minute is the empty range: `first_trade_id = next_trade_id`,
    `last_trade_id = next_trade_id - 1`, `trade_count = id_sum = id_hash = 0`.
    For the same minute the mark with the larger count is the newer one.
    """

    symbol: str
    open_time: int  # ms
    first_trade_id: int
    last_trade_id: int
    trade_count: int
    id_sum: int
    id_hash: int  # XXH64(id) ^ XXH64(id + 1), seed 42, of all ids by XOR; 64 bits, signed
    close: Decimal  # price of the minute's last trade, or carried from an earlier minute
    next_trade_id: int  # where a restart goes on


class GapStatus(StrEnum):
    """What is known of missing ids; everything but OPEN is final until something better turns up."""

    OPEN = "open"
    FILLED = "filled"
    REPAIRED = "repaired"
    CANDLES_ONLY = "candles_only"
    ABSENT = "absent"
    HALTED = "halted"


class Gap(msgspec.Struct, frozen=True):
    """Missing ids of a symbol, or a minute in which it did not trade; the newest record of a key wins.

    Its key is `(symbol, first_trade_id)`, or `(symbol, open_time)` for a halt.
    """

    symbol: str
    first_trade_id: int | None  # null for a halt
    last_trade_id: int | None  # null for a halt
    open_time: int | None  # ms; the minute, for a halt
    detected_at: int  # ms, the exchange's clock
    status: GapStatus
    filled_by: str | None = None
    evidence: str | None = None

    @property
    def ids(self) -> range:
        """The missing ids; none for a halt."""
        if self.first_trade_id is None or self.last_trade_id is None:
            return range(0)
        return range(self.first_trade_id, self.last_trade_id + 1)

    @property
    def size(self) -> int:
        """How many ids are missing; 0 for a halt."""
        return len(self.ids)


class Author(StrEnum):
    """Who says something of a symbol; each has a key of its own, so that none overwrites the other."""

    EXCHANGE = "exchange"  # what the exchange lists, and whether a rule or a list chose it; written by shard 0 only
    OPERATOR = "operator"  # `wickstream symbols add` and `remove`; goes before any rule
    CONNECTOR = "connector"  # where a restart goes on, of a symbol that has been silent since


class SymbolEvent(msgspec.Struct, frozen=True):
    """What is known of a symbol from `since` on; the newest of each author counts."""

    symbol: str
    author: Author
    status: str  # TRADING, HALT, BREAK, CANCEL_ONLY, END_OF_DAY, listed, delisted; added, removed; started, silent
    since: int  # ms, the exchange's clock
    chosen: bool | None = None  # whether it is followed; None: the author does not say
    chosen_by: str | None = None  # EXCHANGE only: "operator", "list", or the rule
    shard: str | None = None  # EXCHANGE only: the connector that follows it, as in 0/3
    next_trade_id: int | None = None  # CONNECTOR only: nothing from this id on was published by then

    @property
    def key(self) -> str:
        """In the compacted topic."""
        return f"{self.symbol}@{self.author}"


class AlertType(StrEnum):
    """What an alert is about; `value` and `threshold` are US dollars, for a price spike percent."""

    WHALE = "whale"  # one trade
    SWEEP = "sweep"  # one taker order: trades of the same time and side with consecutive ids
    VOLUME_SPIKE = "volume_spike"  # a minute's quote volume
    PRICE_SPIKE = "price_spike"  # a minute's largest move away from its open


class Alert(msgspec.Struct, frozen=True):
    """Something out of the ordinary. The topic may repeat it; by its `alert_id` it is one.

    Of two with the same id the one with the larger `version` says more.
    """

    alert_id: str  # `whale:BTCUSDT:<trade id>`, `sweep:BTCUSDT:<first id>`, `price_spike:BTCUSDT:<open time>`
    type: AlertType
    symbol: str
    at: int  # ms: the trade's time, or the minute's open time
    value: Decimal
    threshold: Decimal
    facts: dict[str, str | int]  # what explains it; amounts as strings
    late: bool  # over 60 s old when it was made: stored, and not pushed
    final: bool  # False: of a minute that goes on
    revision: int  # of the candle; 0 for trades
    trade_count: int  # how many trades it rests on

    @property
    def version(self) -> tuple[bool, int, int]:
        """What decides which of two is kept."""
        return (self.final, self.revision, self.trade_count)


class Notice(msgspec.Struct, frozen=True):
    """Something of the recording itself that somebody should know. What comes again has the same `notice_id`."""

    notice_id: str  # `silent:BTCUSDT:<when it was heard last, ms>`, `heard:BTCUSDT:…`
    subject: str  # a symbol, mostly
    at: int  # ms, the exchange's clock
    what: str  # a line for people


Tellable = Alert | Notice  # to a sink
