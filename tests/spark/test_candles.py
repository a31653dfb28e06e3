"""Candles against the oracle: what trades may look like is drawn by hypothesis, many markets to one Spark job."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from tests.spark.decimal_oracle import Told, minutes_of, oracle
from tests.spark.published_market import mark_value, mark_values, trade_value
from tests.spark.topic_frames import of_both_topics, raw
from wickstream.bus.codec import decode
from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES
from wickstream.candle import Candle
from wickstream.stream.candles import (
    candles,
    each_once,
    marks_from_raw,
    to_records,
    together,
    trades_and_marks,
    trades_from_raw,
)

pytestmark = pytest.mark.spark

DAY = timedelta(days=1)
MIDNIGHT = 1_723_161_600_000
FIELDS = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume",
          "trade_count", "first_trade_id", "last_trade_id")  # fmt: skip


def amounts(largest: str, *, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(1).scaleb(-places), largest, places=places)


LARGEST = "92233720368.54775807"  # what 64 bits hold of 1e-8, as in the exchange's engine

# A price and a quantity: spot's eight decimals, also of huge amounts; futures' few, as "1" and "0.10"; and the
# largest of each that there may be.
fills = st.one_of(
    st.tuples(amounts("9999999.99999999", places=8), amounts("9999999999.99999999", places=8)),
    st.tuples(*[st.integers(0, 3).flatmap(lambda places: amounts("90000", places=places))] * 2),
    st.tuples(amounts(LARGEST, places=8), amounts("90000", places=3)),
    st.tuples(amounts("90000", places=8), amounts(LARGEST, places=8)),
    st.tuples(st.just(Decimal("0.00000001")), st.just(Decimal(LARGEST))),
)
# Both ends of the three minutes around midnight, and anywhere in them.
times = st.one_of(st.sampled_from([-60_000, -1, 0, 59_999, 60_000, 119_999]), st.integers(-60_000, 119_999))


@dataclass(frozen=True)
class Slice:
    """Some minutes of one symbol: what happened, what the topic holds, and in what form."""

    trades: list[Told]
    published: list[Told]
    in_microseconds: bool
    spaced: bool

    @property
    def hurt_minutes(self) -> set[tuple[str, int]]:
        """Those whose trades are not in the topic exactly once each."""
        said: dict[tuple[str, int], list[int]] = {}
        for trade in self.published:
            if trade.kind in (None, "MARKET"):
                said.setdefault((trade.symbol, trade.time_ms // 60_000 * 60_000), []).append(trade.trade_id)
        held = {key: [t.trade_id for t in inside] for key, inside in minutes_of(self.trades).items()}
        return {key for key in held if sorted(said.get(key, [])) != held[key]}


@st.composite
def slices(draw: st.DrawFn, symbol: str) -> Slice:
    first_id = draw(st.integers(0, 9_000_000_000))
    moments = sorted(draw(st.lists(times, min_size=1, max_size=12)))
    is_futures = draw(st.booleans())
    kinds = st.sampled_from(["MARKET", "MARKET", "INSURANCE_FUND"]) if is_futures else st.none()
    trades = []
    for i, moment in enumerate(moments):
        price, quantity = draw(fills)
        is_maker, kind = draw(st.booleans()), draw(kinds)
        trades.append(Told(symbol, first_id + i, price, quantity, MIDNIGHT + moment, is_maker, kind))
    lost = draw(st.sets(st.sampled_from(trades), max_size=2)) if draw(st.booleans()) else set()
    doubled = draw(st.lists(st.sampled_from(trades), max_size=2)) if draw(st.booleans()) else []
    published = draw(st.permutations([t for t in trades if t not in lost] + doubled))
    return Slice(trades, published, draw(st.booleans()), draw(st.booleans()))


markets = st.tuples(*(slices(f"S{i}USDT") for i in range(30)))


def rows_of(frame: DataFrame) -> dict[tuple[str, int], Row]:
    return {(row["symbol"], row["open_time"]): row for row in frame.collect()}


def published(market: tuple[Slice, ...]) -> list[bytes]:
    return [trade_value(t, in_microseconds=s.in_microseconds, spaced=s.spaced) for s in market for t in s.published]


def marks_of(market: tuple[Slice, ...]) -> list[bytes]:
    return [value for slice_ in market for _, value in mark_values(slice_.trades)]


def facts(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in FIELDS)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(market=markets)
def test_what_is_published_once_closes_equal_to_the_oracle_and_what_is_hurt_never_closes(
    spark: SparkSession, market: tuple[Slice, ...]
) -> None:
    rows = rows_of(candles(of_both_topics(spark, published(market), marks_of(market)), lateness=DAY))
    hurt = set().union(*(slice_.hurt_minutes for slice_ in market))
    truth = oracle(trade for slice_ in market for trade in slice_.trades)
    for key, row in rows.items():
        assert row["closed"] == (key not in hurt), key
        if row["closed"]:
            assert facts(row) == truth[key]
    assert truth.keys() - hurt <= rows.keys()


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(market=markets)
def test_in_batch_doubled_trades_count_once_and_close(spark: SparkSession, market: tuple[Slice, ...]) -> None:
    whole = [trade_value(t) for slice_ in market for t in slice_.trades]
    trades = each_once(trades_from_raw(raw(spark, whole + published(market))))
    rows = rows_of(candles(together(trades, marks_from_raw(raw(spark, marks_of(market)))), lateness=DAY))
    truth = oracle(trade for slice_ in market for trade in slice_.trades)
    assert {key: facts(row) for key, row in rows.items()} == truth
    assert all(row["closed"] for row in rows.values())


@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(market=markets)
def test_a_stream_of_many_batches_ends_at_the_same_candles(
    spark: SparkSession, market: tuple[Slice, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("files")
    trade_files = in_files(folder / "trades", published(market), count=4)
    mark_files = in_files(folder / "marks", marks_of(market), count=3)
    source = spark.readStream.option("maxFilesPerTrigger", 1)
    files = {RAW_TRADES: trade_files, MINUTE_MARKS: mark_files}
    streams = [source.text(str(file)).withColumn("topic", F.lit(topic)) for topic, file in files.items()]
    query = (
        candles(trades_and_marks(streams[0].union(streams[1])), lateness=DAY)
        .writeStream.format("memory").queryName("grown").outputMode("update")
        .option("checkpointLocation", str(folder / "checkpoint")).trigger(availableNow=True).start()
    )  # fmt: skip
    assert query.awaitTermination(120)
    newest: dict[tuple[str, int], Row] = {}
    for row in spark.table("grown").collect():
        key = (row["symbol"], row["open_time"])
        if key not in newest or (row["closed"], row["trade_count"]) >= (
            newest[key]["closed"],
            newest[key]["trade_count"],
        ):
            newest[key] = row
    hurt = set().union(*(slice_.hurt_minutes for slice_ in market))
    truth = oracle(trade for slice_ in market for trade in slice_.trades)
    assert {key: facts(row) for key, row in newest.items() if row["closed"]} == {
        key: value for key, value in truth.items() if key not in hurt
    }


def in_files(folder: Path, values: list[bytes], *, count: int) -> Path:
    folder.mkdir()
    for index in range(count):
        (folder / f"{index}.txt").write_bytes(b"\n".join(values[index::count]) + b"\n")
    return folder


def one(spark: SparkSession, trades: list[bytes], marks: list[bytes]) -> Row:
    (row,) = candles(of_both_topics(spark, trades, marks), lateness=DAY).collect()
    return row


A_TRADE = Told("BTCUSDT", 7, Decimal("100.5"), Decimal("2"), MIDNIGHT + 1, buyer_is_maker=False)
PRICE = Decimal("64000.10")


def test_two_trades_lost_and_two_doubled_with_the_same_sum_of_ids_do_not_close(spark: SparkSession) -> None:
    def closes(ids: list[int]) -> bool:
        trades = [trade_value(A_TRADE._replace(trade_id=one)) for one in ids]
        return bool(one(spark, trades, [mark_value("BTCUSDT", MIDNIGHT, [3, 4, 5, 6, 7], PRICE, next_id=8)])["closed"])

    assert closes([3, 4, 5, 6, 7])
    assert not closes([3, 5, 5, 5, 7])


def test_a_quiet_minute_is_flat_at_the_marks_price_and_closed(spark: SparkSession) -> None:
    row = one(spark, [], [mark_value("BTCUSDT", MIDNIGHT, [], PRICE, next_id=42)])
    assert {row[name] for name in ("open", "high", "low", "close")} == {PRICE}
    assert (row["first_trade_id"], row["last_trade_id"], row["trade_count"]) == (42, 41, 0)
    assert row["volume"] == row["quote_volume"] == row["taker_buy_volume"] == row["taker_buy_quote_volume"] == 0
    assert row["closed"] is True


def test_a_mark_whose_trades_are_not_here_yet_gives_no_candle(spark: SparkSession) -> None:
    marks = [mark_value("BTCUSDT", MIDNIGHT, [7, 8], PRICE, next_id=9)]
    assert candles(of_both_topics(spark, [], marks), lateness=DAY).isEmpty()


def test_a_trade_in_a_minute_marked_quiet_opens_it_until_the_larger_mark_comes(spark: SparkSession) -> None:
    quiet = mark_value("BTCUSDT", MIDNIGHT, [], PRICE, next_id=7)
    corrected = mark_value("BTCUSDT", MIDNIGHT, [7], A_TRADE.price, next_id=8)
    assert one(spark, [trade_value(A_TRADE)], [quiet])["closed"] is False
    assert one(spark, [trade_value(A_TRADE)], [corrected, quiet])["closed"] is True


def test_one_trade_doubled_and_one_missing_does_not_close(spark: SparkSession) -> None:
    mark = mark_value("BTCUSDT", MIDNIGHT, [7, 8], PRICE, next_id=9)
    assert one(spark, [trade_value(A_TRADE)] * 2, [mark])["closed"] is False


def test_a_sum_that_does_not_fit_is_an_error_and_no_null(spark: SparkSession) -> None:
    huge = A_TRADE._replace(price=Decimal("9999999999"), quantity=Decimal("9999999999"))
    with pytest.raises(PySparkException, match=r"NUMERIC_VALUE_OUT_OF_RANGE|ARITHMETIC_OVERFLOW"):
        one(spark, [trade_value(huge)], [])


def test_a_record_decodes_as_the_candle_it_is(spark: SparkSession) -> None:
    tiny = A_TRADE._replace(price=Decimal("0.00000001"), quantity=Decimal("0.00000001"), buyer_is_maker=True)
    frame = candles(of_both_topics(spark, [trade_value(tiny)], []), lateness=DAY)
    (record,) = to_records(frame).collect()
    candle = decode(bytes(record["value"]), Candle)
    assert bytes(record["key"]) == b"BTCUSDT"
    assert [(header["key"], bytes(header["value"])) for header in record["headers"]] == [("schema_version", b"1")]
    assert (candle.open_time, candle.close_time, candle.interval) == (MIDNIGHT, MIDNIGHT + 59_999, "1m")
    assert candle.quote_volume == Decimal("0.0000000000000001")
    assert (candle.taker_buy_volume, candle.revision) == (Decimal(0), 0)
    assert not candle.closed
    assert candle.origin == "trades"
    assert b"E-" not in bytes(record["value"])
