"""A day's trades as they come by: which ids there are, and the candles they make. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from wickstream.candle import EXACT, Candle, Origin
from wickstream.errors import Corrupted
from wickstream.events import MINUTE_MS
from wickstream.exchange.recovery.mending import agrees
from wickstream.operate.backfill.borders import Border
from wickstream.operate.backfill.wanted import Day

_LARGEST_SUM = 2**127 - 1  # beyond it sums would wrap around without a word
_SUMS = ("volume", "quote", "taker_volume", "taker_quote", "trades")


class Tally:
    """Counts frames of trades in, in the order of the file."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._minutes: dict[int, dict[str, Any]] = {}
        self.first_id: int | None = None
        self.last_id: int | None = None
        self.trades = 0

    def take(self, frame: pl.DataFrame) -> None:
        """Count trades in; columns as of `archive_frames.COLUMNS`.

        Raises:
            Corrupted: If an id does not come after all before it, or a trade is of another day.
        """
        if frame.is_empty():
            return
        self._check(frame)
        self.first_id = frame.item(0, "trade_id") if self.first_id is None else self.first_id
        self.last_id = frame.item(-1, "trade_id")
        self.trades += frame.height
        for part in _by_minute(frame).iter_rows(named=True):
            known = self._minutes.get(part["open_time"])
            self._minutes[part["open_time"]] = part if known is None else _joined(known, part)

    def missing(self, border: Border) -> int:
        """How many ids are not there: between the first and the last, and at the ends as far as those are known."""
        first = self.first_id if border.first is None else border.first
        last = self.last_id if border.after is None else border.after - 1
        return 0 if first is None or last is None else max(0, last - first + 1 - self.trades)

    def candles(self) -> dict[int, Candle]:
        """One for each minute that has trades, by open time."""
        return {at: _candle(self._day.symbol, part) for at, part in self._minutes.items()}

    def _check(self, frame: pl.DataFrame) -> None:
        ids, times = frame["trade_id"], frame["traded_at_ms"]
        before = -1 if self.last_id is None else self.last_id
        if ids[0] <= before or not (ids.diff().drop_nulls() > 0).all():
            raise Corrupted(f"{self._day.symbol} {self._day.date}: ids do not ascend")
        if not times.is_between(self._day.starts_at, self._day.ends_at - 1).all():
            raise Corrupted(f"{self._day.symbol} {self._day.date}: trades of another day")


def differing(ours: Mapping[int, Candle], theirs: Mapping[int, Candle]) -> list[int]:
    """Open times of the minutes in which candles of trades are not the exchange's klines."""
    traded = {at: kline for at, kline in theirs.items() if kline.trade_count}
    return sorted(at for at in ours.keys() | traded.keys() if not agrees(ours.get(at), traded.get(at)))


def _by_minute(frame: pl.DataFrame) -> pl.DataFrame:
    """Amounts as integers of 1e-8: decimals would be rounded when they are multiplied."""
    price, quantity = (pl.col(name).to_physical() for name in ("price", "quantity"))
    units = frame.select(price.max().alias("p"), quantity.max().alias("q"))
    if units.item(0, "p") * units.item(0, "q") * frame.height > _LARGEST_SUM:
        raise Corrupted("amounts too large to be summed")
    taken = ~pl.col("buyer_is_maker")
    return frame.group_by(
        (pl.col("traded_at_ms") // MINUTE_MS * MINUTE_MS).alias("open_time"), maintain_order=True
    ).agg(
        pl.col("trade_id").first().alias("first_id"),
        pl.col("trade_id").last().alias("last_id"),
        pl.col("price").first().alias("open"),
        pl.col("price").max().alias("high"),
        pl.col("price").min().alias("low"),
        pl.col("price").last().alias("close"),
        quantity.sum().alias("volume"),
        (price * quantity).sum().alias("quote"),
        quantity.filter(taken).sum().alias("taker_volume"),
        (price * quantity).filter(taken).sum().alias("taker_quote"),
        pl.len().alias("trades"),
    )


def _joined(one: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    return (
        one
        | {"last_id": later["last_id"], "close": later["close"]}
        | {"high": max(one["high"], later["high"]), "low": min(one["low"], later["low"])}
        | {name: one[name] + later[name] for name in _SUMS}
    )


def _candle(symbol: str, part: dict[str, Any]) -> Candle:
    return Candle(
        symbol=symbol,
        interval="1m",
        open_time=part["open_time"],
        close_time=part["open_time"] + MINUTE_MS - 1,
        open=part["open"],
        high=part["high"],
        low=part["low"],
        close=part["close"],
        volume=_amount(part["volume"], places=8),
        quote_volume=_amount(part["quote"], places=16),
        trade_count=part["trades"],
        taker_buy_volume=_amount(part["taker_volume"], places=8),
        taker_buy_quote_volume=_amount(part["taker_quote"], places=16),
        first_trade_id=part["first_id"],
        last_trade_id=part["last_id"],
        closed=True,
        revision=0,
        origin=Origin.TRADES,
        published_at=part["open_time"] + MINUTE_MS,
    )


def _amount(units: int, *, places: int) -> Decimal:
    return EXACT.scaleb(Decimal(units), -places)
