"""What the judges are shown: what was traded, what is in Kafka, and what each tier holds, up to a moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from tests.chaos.prove.onlooker import Onlooker
from tests.chaos.published import Seen
from tests.chaos.truth import Moment, Row
from tests.spark.decimal_oracle import Told, oracle
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS, Alert
from wickstream.store.cold.trades import IdRange

Minute = tuple[str, int]  # symbol, open time
TIERS = ("warm", "cold", "hot", "api")


class Kline(NamedTuple):
    """What the exchange tells of a minute."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    taker_buy_volume: Decimal
    taker_buy_quote_volume: Decimal
    trade_count: int


@dataclass
class Evidence:
    """All of it, from the first trade that was listened for to `cut`.

    Attributes:
        traded: every trade by symbol and id, from the first published one to the newest of `cut`.
        klines: the exchange's own, of whole minutes.
        published: what was read of Kafka.
        archived: which ids the lake has.
        tiers: closed candles of these minutes by tier and symbol, in order.
        alerts: by tier, those of these minutes.
        told: ids of alerts as the sink was told them, one after the other.
        thresholds: dollars by symbol, above which a trade or an order is an alert.
    """

    begin: Moment
    cut: Moment
    traded: dict[str, dict[int, Row]]
    klines: dict[Minute, Kline]
    published: Seen
    archived: dict[str, list[IdRange]]
    tiers: dict[str, dict[str, list[Candle]]]
    alerts: dict[str, list[Alert]]
    told: list[str]
    onlooker: Onlooker
    thresholds: dict[str, Decimal]
    hot_from_ms: int = 0

    @property
    def symbols(self) -> Iterable[str]:
        """Those that were traded."""
        return self.traded

    @property
    def end_ms(self) -> int:
        """First moment behind the last whole minute."""
        return self.cut.at_ms // MINUTE_MS * MINUTE_MS

    def trades(self, symbol: str, first_id: int, last_id: int) -> dict[int, Row]:
        """As `Truth.trades`, of what was fetched."""
        return {one: row for one, row in self.traded[symbol].items() if first_id <= one <= last_id}

    def differs(self, candle: Candle) -> bool:
        """From the exchange's own kline."""
        kline = self.klines.get((candle.symbol, candle.open_time))
        return kline is None or kline != kline_of(candle)

    def ranges(self, symbol: str, first_id: int, last_id: int) -> list[IdRange]:
        """As `TradesArchive.ranges`, of what was fetched."""
        return self.archived[symbol]

    @cached_property
    def counted(self) -> dict[Minute, tuple[Decimal | int, ...]]:
        """Each minute's candle in plain decimals, straight from the trades: eleven values, as `oracle` has them."""
        return oracle(_told(self.traded))

    @cached_property
    def due(self) -> frozenset[Minute]:
        """Whole minutes since the first trade of a symbol that need a closed candle.

        Those that the exchange has a kline for; of a symbol in a pause the last traded one waits for its end.
        """
        spans = {symbol: (rows[min(rows)][1], rows[max(rows)][1]) for symbol, rows in self.traded.items() if rows}
        return frozenset(
            (symbol, at)
            for symbol, at in self.klines
            if symbol in spans
            and spans[symbol][0] <= at < self.end_ms
            and (symbol in self.cut.trading or at + MINUTE_MS <= spans[symbol][1])
        )


def kline_of(candle: Candle) -> Kline:
    """What a candle of ours says of the same."""
    return Kline(*(getattr(candle, name) for name in Kline._fields))


def _told(traded: dict[str, dict[int, Row]]) -> Iterator[Told]:
    for symbol, rows in traded.items():
        for trade_id, at_ms, price, quantity, maker in rows.values():
            yield Told(symbol, trade_id, Decimal(price), Decimal(quantity), at_ms, maker)
