"""Taker orders out of batches that are cut anywhere, against a plain-Python oracle."""

import json
import random
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.spark.decimal_oracle import EXACT, Told, total
from tests.spark.published_market import trade_value
from wickstream.config import Settings
from wickstream.events import AlertType, Gap
from wickstream.stream.candles import trades_from_raw
from wickstream.stream.sweep_alerts import SweepJudge
from wickstream.stream.sweeps import carried_pieces, pieces, runs
from wickstream.stream.thresholds import ThresholdRow

pytestmark = pytest.mark.spark

MARKETS = 40  # each a symbol of its own, so that one Spark job tries all of them
EIGHT = Decimal("0.00000001")


def orders(trades: Iterable[Told]) -> dict[tuple[str, int], tuple[Decimal | int | bool, ...]]:
    """(symbol, first id) → last id, trades, time, taker buys, quantity, quote value, first and last price."""
    found: list[list[Told]] = []
    for trade in sorted(set(trades), key=lambda trade: (trade.symbol, trade.trade_id)):
        last = found[-1][-1] if found else None
        is_next = last is not None and (last.symbol, last.trade_id + 1) == (trade.symbol, trade.trade_id)
        if last and is_next and (last.time_ms, last.buyer_is_maker) == (trade.time_ms, trade.buyer_is_maker):
            found[-1].append(trade)
        else:
            found.append([trade])
    return {(run[0].symbol, run[0].trade_id): facts_of(run) for run in found}


def facts_of(run: list[Told]) -> tuple[Decimal | int | bool, ...]:
    first, last = run[0], run[-1]
    quote = total(EXACT.multiply(trade.price, trade.quantity) for trade in run)
    quantity = total(trade.quantity for trade in run)
    return (last[1], len(run), first.time_ms, not first.buyer_is_maker, quantity, quote, first.price, last.price)


def a_market(symbol: str, chance: random.Random) -> list[Told]:
    """Few times and sides, now and then a jump in the ids, and some trades twice."""
    trade_id, time_ms, told = chance.randrange(5), 1_700_000_000_000, []
    for _ in range(chance.randrange(1, 60)):
        trade_id += 1 + (chance.random() < 0.1)
        time_ms += chance.random() < 0.3
        price = Decimal(chance.randrange(1, 10**12)) * EIGHT
        quantity = Decimal(chance.randrange(1, 10**15)) * EIGHT
        trade = Told(symbol, trade_id, price, quantity, time_ms, buyer_is_maker=chance.random() < 0.3)
        told += [trade] * (1 + (chance.random() < 0.1))
    return told


def trades_of(spark: SparkSession, values: Iterable[bytes]) -> DataFrame:
    return pieces(trades_from_raw(spark.createDataFrame([(value,) for value in values], "value BINARY")))


def told_in_batches(spark: SparkSession, batches: Iterable[list[Told]]) -> Iterator[tuple[tuple[str, int], object]]:
    """What each batch tells of each run that grew, in order; the threshold is 0, so that every run is told."""
    carried = "[]"
    for batch in batches:
        frame = trades_of(spark, map(trade_value, batch))
        rows = [row.asDict() for row in runs(frame, carried_pieces(spark, carried)).collect()]
        for row in rows:
            if row["grew"]:
                yield (row["symbol"], row["first_trade_id"]), in_the_oracles_order(row)
        carried = msgspec.json.encode([row for row in rows if row["is_last"]]).decode()


def in_the_oracles_order(row: dict[str, object]) -> tuple[object, ...]:
    names = ("last_trade_id", "trades", "traded_at_ms", "is_taker_buy", "quantity", "quote_value", "first_price")
    return (*(row[name] for name in names), row["last_price"])


@pytest.mark.parametrize("seed", [1])
def test_batches_cut_anywhere_tell_of_the_same_orders(spark: SparkSession, seed: int) -> None:
    chance = random.Random(seed)
    markets = [a_market(f"SYMBOL{number}", chance) for number in range(MARKETS)]
    batches: list[list[Told]] = [[], [], [], []]
    for market in markets:
        cuts = sorted(chance.randrange(len(market) + 1) for _ in batches[1:])
        for batch, (start, end) in zip(batches, pairwise([0, *cuts, len(market)]), strict=True):
            batch += market[start:end]
    for batch in batches:
        chance.shuffle(batch)  # of Spark's partitions and rows nobody knows the order
    told = dict(told_in_batches(spark, batches))  # of each run the last word
    assert told == orders(trade for market in markets for trade in market)


class Known:
    """A market in which everything is quoted in dollars, but `UNKNOWN`."""

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        rates = {"BTCUSDT": Decimal(1), "ETHBTC": Decimal(60_000), "UNKNOWN": None}
        return tuple(ThresholdRow(s, rate, Decimal(100_000), Decimal(1), Decimal(1)) for s, rate in rates.items())

    def open_holes(self, symbol: str) -> tuple[Gap, ...]:
        raise AssertionError(symbol)


def an_order(
    symbol: str, first_id: int, quantities: Iterable[int], *, price: str = "1000", time_ms: int = 1
) -> list[Told]:
    numbered = enumerate(quantities, first_id)
    return [Told(symbol, i, Decimal(price) + i, Decimal(q), time_ms, buyer_is_maker=False) for i, q in numbered]


def test_an_order_cut_by_a_batch_keeps_its_id_and_tells_its_facts(
    spark: SparkSession, stream_settings: Settings
) -> None:
    judge = SweepJudge(stream_settings, Known(), now_s=lambda: 50.0)
    whole = an_order("BTCUSDT", 7, [60, 50, 40])
    first = judge(trades_of(spark, map(trade_value, whole[:2])), None)
    again = judge(trades_of(spark, map(trade_value, whole[:2])), None)
    second = judge(trades_of(spark, map(trade_value, whole[2:])), first.carried)
    assert again == first
    (early,), (late,) = first.alerts, second.alerts
    assert early.alert_id == late.alert_id == "sweep:BTCUSDT:7"
    assert late.version > early.version
    assert (late.type, late.at, late.final, late.late) == (AlertType.SWEEP, 1, True, False)
    assert late.value == 60 * 1007 + 50 * 1008 + 40 * 1009
    assert late.facts == {
        "first_trade_id": 7, "last_trade_id": 9, "trades": 3, "side": "buy", "quantity": "150.00000000",
        "quote_value": "151180.00000000", "quote_asset": "USDT", "usd_per_quote": "1.00000000",
        "vwap": "1007.86666667", "first_price": "1007.00000000", "last_price": "1009.00000000",
        "price_moved_pct": "0.1986",
    }  # fmt: skip


def test_what_is_no_sweep_gives_no_alert_and_what_is_old_a_late_one(
    spark: SparkSession, stream_settings: Settings
) -> None:
    told = [
        *an_order("BTCUSDT", 1, [500]),  # a whale
        *an_order("BTCUSDT", 2, [40, 50], time_ms=2),  # too small
        *an_order("ETHBTC", 1, [1, 1], price="0.5"),  # 3.5 bitcoin
        *an_order("UNKNOWN", 1, [10**6, 10**6]),  # no price leads to dollars
        *an_order("NEWUSDT", 1, [50, 60]),  # not among the rows yet
        *(trade._replace(kind="INSURANCE_FUND") for trade in an_order("BTCUSDT", 5, [90, 90])),  # off-book
    ]
    judged = SweepJudge(stream_settings, Known(), now_s=lambda: 61.0)(trades_of(spark, map(trade_value, told)), None)
    assert {(alert.alert_id, alert.late) for alert in judged.alerts} == {
        ("sweep:ETHBTC:1", True),
        ("sweep:NEWUSDT:1", True),
    }
    assert {run["symbol"] for run in json.loads(judged.carried)} == {trade.symbol for trade in told}
