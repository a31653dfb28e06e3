"""Whales: the pure form against plain decimals, and the query in Real-Time Mode over a real Kafka."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from tests.running import wait_until
from tests.spark.decimal_oracle import EXACT, Told
from tests.spark.job_topics import MIDNIGHT, messages, producer, publish
from tests.spark.published_market import trade_value
from wickstream.bus.codec import decode, encode
from wickstream.bus.topics import ALERTS, RAW_TRADES
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.events import Alert, AlertType
from wickstream.stream.candles import trades_from_raw
from wickstream.stream.threshold_table import ThresholdTable
from wickstream.stream.thresholds import ThresholdRow
from wickstream.stream.whale_query import check_slots, start_whales
from wickstream.stream.whales import to_records, whales

pytestmark = [pytest.mark.spark, pytest.mark.stack]

LIMIT = Decimal(100_000)
SHORT_BATCH = "5 seconds"  # the shortest there is


def row(symbol: str, *, rate: str | None, whale_usd: Decimal = LIMIT) -> ThresholdRow:
    usd_per_quote = None if rate is None else Decimal(rate)
    return ThresholdRow(symbol, usd_per_quote, whale_usd, Decimal(1_000_000), Decimal(2))


def trade(symbol: str, trade_id: int, price: str, quantity: str, **more: object) -> Told:
    facts = {"time_ms": MIDNIGHT + trade_id, "buyer_is_maker": False} | more
    return Told(symbol, trade_id, Decimal(price), Decimal(quantity), **facts)  # type: ignore[arg-type]


TRADES = [
    trade("BTCUSDT", 1, "64000.10", "1.56248"),  # 99,998.87
    trade("BTCUSDT", 2, "64000.10", "1.6", buyer_is_maker=True),
    trade("BTCUSDT", 3, "100000.00000000", "1"),  # as much as the threshold, not more
    trade("ETHBTC", 4, "0.05", "40.00000001"),  # 2 BTC
    trade("ETHBTC", 5, "0.05", "20"),
    trade("PEPEUSDT", 6, "0.00001", "150000000"),  # of 1,500 USD, where 1,000 are many
    trade("SOLFDUSD", 7, "200.12345678", "1234.56789012"),  # not in the table
    trade("ETHTRY", 8, "3000000", "1000"),  # no price leads to dollars
    trade("BTCUSDT_250926", 9, "64000.1", "1000", kind="INSURANCE_FUND"),
    trade("BTCUSDT_250926", 10, "64000.1", "2", kind="MARKET"),
]
ROWS = [
    row("BTCUSDT", rate="1"),
    row("ETHBTC", rate="64000.1234"),
    row("PEPEUSDT", rate="1", whale_usd=Decimal(1_000)),
    row("ETHTRY", rate=None),
]


def table_with(spark: SparkSession, folder: Path, rows: list[ThresholdRow]) -> ThresholdTable:
    table = ThresholdTable(spark, f"file:{folder / 'thresholds.json'}")
    table.write(rows)
    return table


def found(spark: SparkSession, values: list[bytes], rows: list[ThresholdRow], folder: Path) -> dict[str, Alert]:
    table = table_with(spark, folder, rows)
    raw = spark.createDataFrame([(value,) for value in values], "value binary")
    alerts = whales(trades_from_raw(raw), table.read(), whale_usd=LIMIT)
    records = to_records(alerts).collect()
    decoded = [decode(bytes(record["value"]), Alert) for record in records]
    assert [bytes(record["key"]).decode() for record in records] == [alert.symbol for alert in decoded]
    assert all(json.loads(bytes(r["value"])) == json.loads(encode(a)) for r, a in zip(records, decoded, strict=True))
    return {alert.alert_id: alert for alert in decoded}


@pytest.fixture(scope="module")
def alerts(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Alert]:
    """What comes of all of them, in one job."""
    now_ms = time.time_ns() // 1_000_000
    ages_s = {1: 61, 2: -3_600}  # far ahead: this job may take minutes where many others run
    recent = [trade("LTCUSDT", i, "64000", "2", time_ms=now_ms - age_s * 1_000) for i, age_s in ages_s.items()]
    values = [trade_value(told, in_microseconds=True) for told in recent]
    return found(spark, [*map(trade_value, TRADES), *values], ROWS, tmp_path_factory.mktemp("table"))


def test_what_is_worth_more_than_its_threshold_in_dollars_is_a_whale(alerts: dict[str, Alert]) -> None:
    assert {alert_id for alert_id, alert in alerts.items() if alert.symbol != "LTCUSDT"} == {
        "whale:BTCUSDT:2", "whale:ETHBTC:4", "whale:PEPEUSDT:6", "whale:SOLFDUSD:7", "whale:BTCUSDT_250926:10",
    }  # fmt: skip
    rates = {row.symbol: row.usd_per_quote for row in ROWS}
    for told in TRADES:
        alert = alerts.get(f"whale:{told.symbol}:{told.trade_id}")
        if alert is not None:
            quote_value = EXACT.multiply(told.price, told.quantity)
            assert alert.value == EXACT.multiply(quote_value, rates.get(told.symbol) or Decimal(1))
            assert Decimal(alert.facts["quote_value"]) == quote_value
            assert (alert.at, alert.version) == (told.time_ms, (True, 0, 1))


def test_an_alert_tells_what_explains_it(alerts: dict[str, Alert]) -> None:
    assert alerts["whale:ETHBTC:4"] == Alert(
        alert_id="whale:ETHBTC:4",
        type=AlertType.WHALE,
        symbol="ETHBTC",
        at=MIDNIGHT + 4,
        value=Decimal("128000.2468320000617"),
        threshold=LIMIT,
        facts={
            "trade_id": 4, "price": "0.05000000", "quantity": "40.00000001", "side": "buy",
            "quote_value": "2.0000000005", "quote_asset": "BTC", "usd_per_quote": "64000.12340000",
        },
        late=True,
        final=True,
        revision=0,
        trade_count=1,
    )  # fmt: skip
    assert alerts["whale:BTCUSDT:2"].facts["side"] == "sell"
    assert alerts["whale:SOLFDUSD:7"].facts["quote_asset"] == "FDUSD"


def test_an_alert_of_a_trade_over_a_minute_old_is_late(alerts: dict[str, Alert]) -> None:
    assert alerts["whale:LTCUSDT:1"].late
    assert not alerts["whale:LTCUSDT:2"].late
    assert alerts["whale:BTCUSDT:2"].late


@contextmanager
def running(
    spark: SparkSession, settings: Settings, table: ThresholdTable, checkpoint: Path
) -> Iterator[StreamingQuery]:
    query = start_whales(spark, settings, table=table, checkpoint=checkpoint, batch=SHORT_BATCH)
    yield query
    query.stop()


def alerts_of(settings: Settings, symbol: str) -> list[Alert]:
    told = (decode(message.value(), Alert) for message in messages(settings, ALERTS))
    return [alert for alert in told if alert.symbol == symbol]


def whale_ids(settings: Settings, symbol: str) -> list[str]:
    return [alert.alert_id for alert in alerts_of(settings, symbol)]


def until_found(settings: Settings, symbol: str, trade_id: int) -> None:
    wait_until(lambda: f"whale:{symbol}:{trade_id}" in whale_ids(settings, symbol), deadline_s=60)


def test_a_running_query_takes_up_a_new_threshold_and_a_killed_one_repeats_with_the_same_ids(
    spark: SparkSession, topics: Settings, tmp_path: Path
) -> None:
    table = table_with(spark, tmp_path, [row("RTMUSDT", rate="1")])
    checkpoint, ids = tmp_path / "checkpoint", iter(range(1, 10_000))

    def publish_one(quantity: str) -> int:
        told = trade("RTMUSDT", next(ids), "1000", quantity)
        publish(topics, RAW_TRADES, [(told.symbol, trade_value(told))])
        return told.trade_id

    with running(spark, topics, table, checkpoint) as query:
        early = publish_one("60")
        until_found(topics, "RTMUSDT", publish_one("101"))
        wait_until(lambda: bool(query.recentProgress), what="a batch to end")
        # Longer than the file that the query began with: a reader that trusts its first length would see half of it.
        others = [row(f"OTHER{i}USDT", rate="1") for i in range(50)]
        table.write([*others, row("RTMUSDT", rate="1", whale_usd=Decimal(50_000))])
        small: list[int] = []

        def is_taken_up() -> bool:
            small.append(publish_one("60"))
            return bool(set(whale_ids(topics, "RTMUSDT")) & {f"whale:RTMUSDT:{trade_id}" for trade_id in small})

        wait_until(is_taken_up, deadline_s=60, what="the new threshold")
        assert f"whale:RTMUSDT:{early}" not in whale_ids(topics, "RTMUSDT")
        last = publish_one("101")
        until_found(topics, "RTMUSDT", last)
    told = whale_ids(topics, "RTMUSDT")
    assert len(set(told)) == len(told)
    with running(spark, topics, table, checkpoint):
        wait_until(lambda: whale_ids(topics, "RTMUSDT").count(f"whale:RTMUSDT:{last}") == 2, deadline_s=60)


def test_a_transaction_that_stays_open_or_is_aborted_hides_no_whale(
    spark: SparkSession, topics: Settings, tmp_path: Path
) -> None:
    sender = producer(topics, **{"transactional.id": "test-whales"})
    sender.init_transactions(30)
    sender.begin_transaction()
    told = trade("OPENUSDT", 7, "1000", "101")
    with running(spark, topics, table_with(spark, tmp_path, []), tmp_path / "checkpoint"):
        sender.produce(RAW_TRADES, key=told.symbol, value=trade_value(told))
        sender.flush(30)
        until_found(topics, "OPENUSDT", 7)
        sender.abort_transaction(30)


def test_a_table_in_a_file_system_of_a_cluster_is_replaced_too(spark: SparkSession, tmp_path: Path) -> None:
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()
    hadoop.set("fs.viewfs.mounttable.test-whales.link./shared", f"file://{tmp_path}")
    table = ThresholdTable(spark, "viewfs://test-whales/shared/thresholds.json")
    for rows in ([], ROWS, [row("BTCUSDT", rate="1")]):
        table.write(rows)
        assert {found["symbol"] for found in table.read().collect()} == {
            row.symbol for row in rows if row.usd_per_quote
        }


def test_a_master_with_too_few_slots_is_a_mistake_that_says_how_many(spark: SparkSession) -> None:
    check_slots(spark)
    with pytest.raises(Mistake, match=r"SPARK_MASTER=local\[8\] runs 8 tasks at a time, and alerts need 9: 6 wait for"):
        check_slots(spark, others=3)
