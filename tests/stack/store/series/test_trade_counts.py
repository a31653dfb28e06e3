"""Buys and sells out of the archive, beside the candles of the same trades."""

import asyncio
from collections import Counter
from pathlib import Path

import msgspec
import polars as pl
import pytest

from tests.stored_trades import Market, made_market, store_markets
from wickstream.candle import window_start
from wickstream.config import Settings
from wickstream.errors import TooMuch
from wickstream.events import Trade
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.series import count_reads
from wickstream.store.series.count_reads import Counted, CountReader
from wickstream.store.series.router import Router, Series
from wickstream.store.series.side_counts import Sides

pytestmark = pytest.mark.stack


@pytest.fixture
def market(stores: Settings, symbol: str) -> Market:
    market = made_market(symbol, seed=7)
    store_markets(stores, [market], to_kafka=False)
    return market


def ask(settings: Settings, interval: str = "1m") -> tuple[Series, Counted]:
    async def within() -> tuple[Series, Counted]:
        async with Router(settings) as router:
            series = await router.klines(
                settings.ticker_symbols[0], interval, start=None, end=None, limit=500, closed_only=False
            )
            return series, await router.counts.read(list(series.candles))

    return asyncio.run(within())


def sides_of(market: Market, interval: str) -> dict[int, Sides]:
    """Counted by hand, of all its trades."""
    counts: Counter[tuple[int, bool]] = Counter()
    for row in market.trades.iter_rows(named=True):
        counts[window_start(row["traded_at_ms"], interval), row["buyer_is_maker"]] += 1
    return {opened: Sides(counts[opened, False], counts[opened, True]) for opened, _ in counts}


@pytest.mark.parametrize("interval", ["1m", "5m", "1h"])
def test_each_side_is_counted_to_the_last_trade(market: Market, stores: Settings, interval: str) -> None:
    series, counted = ask(stores, interval)
    by_hand = sides_of(market, interval)
    assert counted.sides == [by_hand.get(candle.open_time, Sides(0, 0)) for candle in series.candles]
    assert (counted.tiers, counted.away) == (("cold",), ())


@pytest.mark.parametrize("interval", ["1d", "1w", "1M"])
def test_a_window_of_which_the_archive_has_more_than_the_candle_is_not_told(
    market: Market, stores: Settings, interval: str
) -> None:
    """The market has a minute of trades before its first candle, and one behind its last."""
    _, counted = ask(stores, interval)
    assert counted.sides == [None]


def test_a_trade_that_counts_nowhere_is_not_counted_here(market: Market, stores: Settings) -> None:
    off_book = market.trades.head(3).with_columns(pl.col("trade_id") + 10**9, pl.lit(value=False).alias("counts"))
    TradesArchive(stores).add_frame(market.symbol, off_book)
    series, counted = ask(stores)
    assert counted.sides == [sides_of(market, "1m").get(one.open_time, Sides(0, 0)) for one in series.candles]


def test_only_the_minute_that_lacks_a_trade_is_not_told(stores: Settings, symbol: str) -> None:
    market = made_market(symbol, seed=8)
    lost: Trade = msgspec.convert(market.trades.row(100, named=True), Trade)
    short = Market(symbol, market.trades.filter(pl.col("trade_id") != lost.trade_id), market.candles, [])
    store_markets(stores, [short], to_kafka=False)
    series, counted = ask(stores)
    unknown = [one.open_time for one, sides in zip(series.candles, counted.sides, strict=True) if sides is None]
    assert unknown == [window_start(lost.traded_at_ms, "1m")]


def test_without_an_archive_nothing_is_counted_and_one_that_cannot_be_read_is_named(
    market: Market, stores: Settings, tmp_path: Path
) -> None:
    empty = stores.model_copy(update={"cold_url": f"file:{tmp_path / 'empty'}"})
    series, counted = ask(empty)
    assert {sides for sides, one in zip(counted.sides, series.candles, strict=True) if one.trade_count} == {None}
    assert (counted.tiers, counted.away) == ((), ())
    log = tmp_path / "broken" / "trades" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("no JSON")
    _, counted = ask(stores.model_copy(update={"cold_url": f"file:{tmp_path / 'broken'}"}))
    assert counted.away == ("cold",)


def test_more_trades_than_are_counted_for_one_answer_are_refused_before_any_is_read(market: Market) -> None:
    crowded = [msgspec.structs.replace(market.candles[0], trade_count=count_reads.MOST_TRADES + 1)]
    with pytest.raises(TooMuch, match="ask for fewer windows, or shorter ones"):
        asyncio.run(CountReader(Settings()).read(crowded))
