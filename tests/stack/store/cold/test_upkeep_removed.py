"""Parts of the lake go when they are old, and files when nobody can need them."""

from pathlib import Path

import polars as pl
import pytest

from tests.candles import MIDNIGHT_MS
from tests.lake_parts import fill_candles, rows, table, trades
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.cold import lake as lake_module
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.cold.upkeep import Upkeep

pytestmark = pytest.mark.stack

MONTH, DAY = "2024-08", "2024-08-09"
DAY_MS = 1_440 * MINUTE_MS


def test_days_of_trades_that_were_removed_are_not_missing_and_their_ids_not_new(lake: Settings) -> None:
    archive = TradesArchive(lake)
    assert archive.kept_since_ms() == 0
    archive.add("A", trades("A", 0, 9))
    archive.add("A", trades("A", 10, 19, days=1))

    Upkeep.of_trades(lake).remove([DAY], before_ms=MIDNIGHT_MS + DAY_MS)

    assert TradesArchive(lake).kept_since_ms() == MIDNIGHT_MS + DAY_MS
    assert archive.ranges("A", 0, 99) == [(10, 19)]
    assert archive.add("A", trades("A", 15, 29, days=1)) == 10
    assert archive.ranges("A", 0, 99) == [(10, 29)]


def test_the_largest_ids_are_known_also_where_all_rows_are_removed(lake: Settings) -> None:
    archive = TradesArchive(lake)
    archive.add("A", trades("A", 0, 9))
    Upkeep.of_trades(lake).remove([DAY], before_ms=MIDNIGHT_MS + DAY_MS)
    assert table(lake, "trades").transaction_version("archived/A") == 9


def test_a_table_that_does_not_say_how_far_its_ids_go_says_it_when_days_are_removed(lake: Settings) -> None:
    TradesArchive(lake).add("A", trades("A", 0, 9))
    whole = pl.scan_delta(table(lake, "trades")).collect()
    bare = lake.model_copy(update={"cold_url": f"{lake.lake_url}-copied"})
    whole.write_delta(f"{bare.lake_url.removeprefix('file:')}/trades", delta_write_options={"partition_by": ["day"]})

    Upkeep.of_trades(bare).remove([DAY], before_ms=MIDNIGHT_MS + DAY_MS)

    assert table(bare, "trades").transaction_version("archived/A") == 9


def test_what_was_kept_since_never_goes_back(lake: Settings) -> None:
    TradesArchive(lake).add("A", trades("A", 0, 9))
    TradesArchive(lake).add("A", trades("A", 10, 19, days=2))
    upkeep = Upkeep.of_trades(lake)
    upkeep.remove(["2024-08-11"], before_ms=MIDNIGHT_MS + 3 * DAY_MS)
    upkeep.remove([DAY], before_ms=MIDNIGHT_MS + DAY_MS)
    assert TradesArchive(lake).kept_since_ms() == MIDNIGHT_MS + 3 * DAY_MS


def test_files_are_swept_when_no_reader_of_the_last_day_can_need_them(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_candles(lake)
    reader = pl.scan_delta(table(lake, "candles"))
    upkeep = Upkeep.of_candles(lake)
    upkeep.put_in_order(MONTH)
    assert upkeep.unused() == 0
    assert reader.collect().height == 24

    monkeypatch.setattr(lake_module, "UNUSED_HOURS", 0)
    assert upkeep.unused() == 8
    assert upkeep.sweep() == 8
    assert rows(lake, "candles").height == 24
    version = table(lake, "candles").version()
    assert upkeep.unused() == 0
    assert table(lake, "candles").version() == version


def test_what_a_killed_process_left_uncommitted_is_swept_too(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_candles(lake)
    left = Path(lake.lake_url.removeprefix("file:")) / "candles" / f"month={MONTH}" / "part-left.parquet"
    left.write_bytes(b"half")
    monkeypatch.setattr(lake_module, "UNUSED_HOURS", 0)
    Upkeep.of_candles(lake).sweep()
    assert not left.exists()
    assert rows(lake, "candles").height == 24
