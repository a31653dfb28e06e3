from typing import Any

from prometheus_client import REGISTRY

from wickstream.stream.progress import ProgressMeter


def a_batch(number: int, *, rows: int, well_formed: int) -> dict[str, Any]:
    return {
        "batchId": number,
        "numInputRows": rows,
        "durationMs": {"triggerExecution": 250},
        "observedMetrics": {"raw_trades": {"well_formed": well_formed}, "minute_marks": {"well_formed": 0}},
        "stateOperators": [{"numRowsDroppedByWatermark": 2, "numRowsTotal": 31}],
    }


def read(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


def test_a_batch_counts_once_however_often_it_is_shown() -> None:
    meter, before = ProgressMeter(), read("wickstream_stream_rows_total")
    meter.take([a_batch(4, rows=10, well_formed=10)])
    meter.take([a_batch(4, rows=10, well_formed=10), a_batch(5, rows=7, well_formed=7)])
    assert read("wickstream_stream_rows_total") - before == 17
    assert meter.batches_done == 2
    assert read("wickstream_stream_state_rows") == 31


def test_records_that_are_neither_trade_nor_mark_are_counted() -> None:
    before = read("wickstream_malformed_rows_total")
    ProgressMeter().take([a_batch(0, rows=10, well_formed=8)])
    assert read("wickstream_malformed_rows_total") - before == 2


def test_an_idle_report_counts_nothing() -> None:
    before = read("wickstream_stream_batch_seconds_count")
    ProgressMeter().take([a_batch(0, rows=0, well_formed=0)])
    assert read("wickstream_stream_batch_seconds_count") == before
