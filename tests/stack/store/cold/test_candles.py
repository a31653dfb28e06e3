"""The lake: a plain Delta table, for us and for everybody else."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.candles import MIDNIGHT_MS, minute
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.lake import COMPACT_EVERY, storage_options

pytestmark = pytest.mark.stack

FAR = 2**53


def test_a_lake_that_is_not_there_is_empty(lake: Settings) -> None:
    cold = ColdCandles(lake)

    assert cold.read("BTCUSDT", 0, FAR, limit=10, backward=False) == []
    assert cold.span() is None
    assert cold.offset("anything") is None


def test_polars_reads_exact_decimals_without_code_of_ours(lake: Settings, tmp_path: Path) -> None:
    ColdCandles(lake).store([minute(n_symbol, n) for n_symbol in ("A", "B") for n in range(3)], {})
    frame = pl.scan_delta(str(tmp_path / "lake" / "candles")).filter(pl.col("symbol") == "A").collect()

    assert frame.height == 3
    assert frame.schema["close"] == pl.Decimal(20, 8)
    assert frame.schema["quote_volume"] == pl.Decimal(38, 16)
    assert frame["quote_volume"].to_list() == [Decimal("763412.1234567890123456")] * 3
    assert frame["month"].unique().to_list() == ["2024-08"]


def test_a_folder_may_have_any_name(settings: Settings, tmp_path: Path) -> None:
    cold = ColdCandles(settings.model_copy(update={"cold_url": f"file:{tmp_path / 'a läke, 100% mine'}"}))
    cold.store([minute()], {})
    cold.store([minute(), minute(number=1)], {})

    assert cold.read("BTCUSDT", 0, FAR, limit=9, backward=False) == [minute(), minute(number=1)]


def test_offsets_are_those_of_the_newest_commit_that_holds_their_rows(lake: Settings) -> None:
    cold = ColdCandles(lake)
    cold.store([minute()], {"a/0": 7, "a/1": 3})
    cold.store([], {"a/0": 9})
    cold.store([minute(number=1)], {"a/0": 12})

    assert [ColdCandles(lake).offset(name) for name in ("a/0", "a/1", "a/2")] == [12, 3, None]


def test_ranges_are_inclusive_and_cut_at_the_end_that_was_asked_for(lake: Settings) -> None:
    cold = ColdCandles(lake)
    month = 31 * 1_440
    cold.store([minute("A", n) for n in (*range(5), month, month + 1)], {})
    first, last = MIDNIGHT_MS + MINUTE_MS, MIDNIGHT_MS + (month + 1) * MINUTE_MS

    assert cold.read("A", first, last, limit=2, backward=False) == [minute("A", 1), minute("A", 2)]
    assert cold.read("A", first, last, limit=2, backward=True) == [minute("A", month), minute("A", month + 1)]
    assert cold.read("B", first, last, limit=2, backward=True) == []
    assert cold.span() == (MIDNIGHT_MS, last)


def test_a_symbol_is_no_sql(lake: Settings) -> None:
    cold = ColdCandles(lake)
    cold.store([minute("A"), minute("O'x"), minute("币安人生USDT")], {})

    assert cold.read("O'x", 0, FAR, limit=9, backward=False) == [minute("O'x")]
    assert cold.read("币安人生USDT", 0, FAR, limit=9, backward=False) == [minute("币安人生USDT")]
    assert cold.read("x' OR '1'='1", 0, FAR, limit=9, backward=False) == []


def test_files_stay_few(lake: Settings, tmp_path: Path) -> None:
    cold = ColdCandles(lake)
    for number in range(COMPACT_EVERY + 5):
        cold.store([minute("A", number)], {"a": number})

    assert len(cold.read("A", 0, FAR, limit=1_000, backward=False)) == COMPACT_EVERY + 5
    table = pl.scan_delta(str(tmp_path / "lake" / "candles")).collect()
    assert table["open_time"].is_unique().all()


def test_another_process_wrote_meanwhile_and_nothing_is_doubled(lake: Settings) -> None:
    one, other = ColdCandles(lake), ColdCandles(lake)
    for number in range(3):
        one.store([minute("A", number)], {"a": number})
        other.store([minute("A", number), minute("B", number)], {"b": number})

    assert len(one.read("A", 0, FAR, limit=9, backward=False)) == 3
    assert len(one.read("B", 0, FAR, limit=9, backward=False)) == 3


def test_a_lake_that_cannot_be_reached_is_busy_and_not_a_crash(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"cold_url": "file:/dev/null/lake"})

    with pytest.raises(StoreBusy, match="cold tier"):
        ColdCandles(nowhere).store([minute()], {})


def test_a_bucket_gets_its_credentials_and_a_folder_none(settings: Settings) -> None:
    assert storage_options(settings) == {}
    bucket = settings.model_copy(update={"cold_url": "s3://lake", "minio_endpoint": "minio:9000"})
    options = storage_options(bucket)

    assert options["AWS_ENDPOINT_URL"] == "http://minio:9000"
    assert options["aws_conditional_put"] == "etag"
