"""What Spark reports of batches becomes metrics, each batch once."""

from typing import Any

import pytest
from prometheus_client import REGISTRY
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from wickstream.stream.late import LateTrades
from wickstream.stream.progress import Progress, ProgressMeter

QUERY = {"query": "candles"}


def a_batch(number: int, *, rows: int, well_formed: int, late_windows: int = 0) -> dict[str, Any]:
    return {
        "batchId": number,
        "numInputRows": rows,
        "durationMs": {"triggerExecution": 250},
        "sources": [],
        "observedMetrics": {"raw_trades": {"well_formed": well_formed}, "minute_marks": {"well_formed": 0}},
        "stateOperators": [{"numRowsDroppedByWatermark": late_windows, "numRowsTotal": 31}],
    }


def read(name: str) -> float:
    return REGISTRY.get_sample_value(name, QUERY) or 0.0


def a_meter(*late: LateTrades) -> ProgressMeter:
    said = iter(late)
    return ProgressMeter("candles", lambda _: next(said))


def test_a_batch_counts_once_however_often_it_is_shown() -> None:
    meter, before = a_meter(), read("wickstream_stream_rows_total")
    meter.take([a_batch(4, rows=10, well_formed=10)])
    meter.take([a_batch(4, rows=10, well_formed=10), a_batch(5, rows=7, well_formed=7)])
    assert read("wickstream_stream_rows_total") - before == 17
    assert meter.batches_done == 2
    assert read("wickstream_stream_state_rows") == 31


def test_records_that_are_neither_trade_nor_mark_are_counted() -> None:
    before = read("wickstream_malformed_rows_total")
    a_meter().take([a_batch(0, rows=10, well_formed=8)])
    assert read("wickstream_malformed_rows_total") - before == 2


def test_an_idle_report_counts_nothing() -> None:
    before = read("wickstream_stream_batch_seconds_count")
    a_meter().take([a_batch(0, rows=0, well_formed=0)])
    assert read("wickstream_stream_batch_seconds_count") == before


def test_late_trades_are_counted_one_by_one_and_asked_for_only_if_windows_were_dropped() -> None:
    meter, before = a_meter(LateTrades(70, ["BTCUSDT"], 0)), read("wickstream_late_trades_total")
    meter.take([a_batch(0, rows=90, well_formed=90), a_batch(1, rows=90, well_formed=90, late_windows=2)])
    assert read("wickstream_late_trades_total") - before == 70


@pytest.mark.parametrize("failure", [PySparkException("KAFKA_DATA_LOSS"), Py4JError("Partition 0's offset is gone")])
def test_late_trades_that_cannot_be_counted_end_nothing(failure: Exception) -> None:
    def gone(_: Progress) -> LateTrades:
        raise failure

    meter = ProgressMeter("candles", gone)
    meter.take([a_batch(0, rows=90, well_formed=90, late_windows=2)])
    assert meter.batches_done == 1
