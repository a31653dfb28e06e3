"""What comes later than the lateness allows is in no candle, and is counted."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.running import Launcher, wait_until
from tests.spark.decimal_oracle import Told
from tests.spark.job_topics import MIDNIGHT, as_values, board, closed_minutes, of, publish
from tests.spark.published_market import mark_values
from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES, create_topics
from wickstream.config import Settings
from wickstream.operate.servers.local import kafka_spec
from wickstream.stream.late import late_trades
from wickstream.stream.queries import start_candles

pytestmark = [pytest.mark.spark, pytest.mark.stack]

MINUTE = 60_000


@pytest.fixture
def own_topics(tmp_path: Path, make_settings: Callable[..., Settings], launcher: Launcher) -> Settings:
    """Of a broker with nobody else's trades: any newer one would make ours late."""
    own = make_settings(tmp_path / "data", lateness_hours=1 / 60)
    launcher.start(kafka_spec(own))
    create_topics(own.kafka)
    return own


def trade(trade_id: int, after_ms: int) -> Told:
    return Told("LATEUSDT", trade_id, Decimal("0.10"), Decimal(1), MIDNIGHT + after_ms, buyer_is_maker=False)


def test_late_trades_are_in_no_candle_and_are_counted_one_by_one(
    spark: SparkSession, own_topics: Settings, tmp_path: Path
) -> None:
    on_time = [trade(1, 0), trade(5, 3 * MINUTE), trade(6, 3 * MINUTE + 1)]
    late = [trade(2, 1), trade(3, 2), trade(4, MINUTE)]
    query = start_candles(spark, own_topics, checkpoint=tmp_path / "checkpoint")
    publish(own_topics, RAW_TRADES, as_values(on_time))
    wait_until(lambda: len(board(own_topics)) == 2, deadline_s=90, what="two minutes")
    publish(own_topics, RAW_TRADES, as_values(late))
    publish(own_topics, MINUTE_MARKS, mark_values(on_time + late))
    wait_until(lambda: closed_minutes(own_topics, "LATEUSDT") == 1, deadline_s=90, what="the later minute closed")
    query.processAllAvailable()
    query.stop()
    hurt = [batch for batch in query.recentProgress if batch["stateOperators"][0]["numRowsDroppedByWatermark"]]
    found = [late_trades(spark, own_topics, batch) for batch in hurt]
    assert sum(batch.trades for batch in found) == len(late)
    assert {symbol for batch in found for symbol in batch.symbols} == {"LATEUSDT"}
    assert [(candle.trade_count, candle.closed) for candle in of(board(own_topics), "LATEUSDT")] == [
        (1, False),
        (2, True),
    ]
