"""The lake in a bucket: the same as in a folder, and what only buckets do."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.candles import MIDNIGHT_MS, minute
from tests.raw_trades import trade_value
from wickstream.binance.frames import parse_trade
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.files import files_of
from wickstream.store.cold.tables import candles_table
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.cold.upkeep import Upkeep
from wickstream.store.series.frames import SCHEMA, candles_of

pytestmark = pytest.mark.stack

ROWS = [minute(number=number) for number in range(-60, 60)]


@pytest.fixture
def lake(s3: Settings, request: pytest.FixtureRequest) -> Settings:
    """A lake of the test's own in it."""
    return s3.model_copy(update={"cold_url": f"s3://{s3.minio_bucket}/{request.function.__name__}"})


def test_what_is_stored_in_a_bucket_is_read_as_it_was_with_its_offsets(lake: Settings) -> None:
    table = ColdCandles(lake)
    assert table.store(ROWS, {"write-cold/a/0": 17}).stored == len(ROWS)
    assert ColdCandles(lake).offset("write-cold/a/0") == 17
    assert ColdCandles(lake).read("BTCUSDT", 0, 2**53, limit=1_000, backward=False) == ROWS
    assert candles_of(LakeReader(lake).candles("BTCUSDT", 0, 2**53, SCHEMA)) == ROWS


def test_a_larger_version_takes_the_place_of_one_in_a_bucket(lake: Settings) -> None:
    table = ColdCandles(lake)
    table.store(ROWS, {})
    revised = minute(number=3, revision=1, trade_count=9)
    assert table.store([revised, *ROWS[:10]], {}).stored == 1
    at = MIDNIGHT_MS + 3 * MINUTE_MS
    assert ColdCandles(lake).read("BTCUSDT", at, at, limit=9, backward=False) == [revised]


def test_of_writers_that_commit_at_once_none_loses_a_row(lake: Settings) -> None:
    ColdCandles(lake).store(ROWS[:1], {})

    def write(number: int) -> None:
        table = ColdCandles(lake)
        for step in range(3):
            rows = [minute(f"W{number}USDT", step)]
            while True:
                try:
                    table.store(rows, {f"writer-{number}": step})
                except StoreBusy:
                    continue
                break

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    reader = LakeReader(lake)
    assert [reader.candles(f"W{number}USDT", 0, 2**53, SCHEMA).height for number in range(3)] == [3, 3, 3]
    assert [ColdCandles(lake).offset(f"writer-{number}") for number in range(3)] == [2, 2, 2]


def test_a_file_of_a_bucket_is_read_back_and_set_aside(lake: Settings) -> None:
    ColdCandles(lake).store(ROWS, {})
    table = candles_table(lake)
    held = table.made()
    (file,) = files_of(held)
    digest = table.files.sha256(file.path)
    assert len(digest) == 64

    aside = [table.files.set_aside(file.path) for _ in range(2)]

    assert aside == [f"_set_aside/{file.path}"] * 2
    assert table.files.sha256(aside[0]) == digest
    with pytest.raises(FileNotFoundError):
        table.files.sha256(file.path)
    assert held.repair()["files_removed"] == [file.path]
    held.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    assert table.files.sha256(aside[0]) == digest
    assert ColdCandles(lake).read("BTCUSDT", 0, 2**53, limit=1_000, backward=False) == []


def test_beside_one_file_of_a_bucket_the_others_are_read(lake: Settings) -> None:
    ColdCandles(lake).store(ROWS[:60], {})
    ColdCandles(lake).store(ROWS[60:], {})
    table = candles_table(lake)
    (first, second) = sorted(files_of(table.made()), key=lambda file: file.first_ms or 0)
    for left_out, rows in ((first, ROWS[60:]), (second, ROWS[:60])):
        reader = LakeReader(lake, besides={left_out.path})
        assert candles_of(reader.candles("BTCUSDT", 0, 2**53, SCHEMA)) == rows


def test_a_wrong_key_is_trouble_and_no_end(lake: Settings) -> None:
    stranger = lake.model_copy(update={"minio_access_key": "somebody"})
    with pytest.raises(StoreBusy, match="cold tier"):
        ColdCandles(stranger).store(ROWS[:1], {})


def test_trades_that_several_add_to_a_bucket_at_once_are_there_once(lake: Settings) -> None:
    def add(number: int) -> int:
        archive, added = TradesArchive(lake), 0
        for first in range(0, 30, 10):
            trades = [parse_trade(trade_value(n)) for n in range(first, first + 10 + number)]
            while True:
                try:
                    added += archive.add("BTCUSDT", trades)
                except StoreBusy:
                    continue
                break
        return added

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(add, range(3))) == 32
    assert [trade.trade_id for trade in TradesArchive(lake).read("BTCUSDT", 0, 2**53)] == list(range(32))


def test_a_bucket_is_put_in_order_swept_and_lets_go_of_what_is_old(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in ROWS[:60:20]:
        ColdCandles(lake).store([row], {"w": row.open_time})
    ColdCandles(lake).store([ROWS[80], minute(number=50 * 1_440)], {})
    upkeep = Upkeep.of_candles(lake)
    after = upkeep.put_in_order("2024-08")
    assert after is not None
    assert (after.files, after.rows, after.is_in_order) == (1, 4, True)
    assert ColdCandles(lake).offset("w") == ROWS[40].open_time

    assert upkeep.unused() == 0
    monkeypatch.setattr("wickstream.store.cold.lake.UNUSED_HOURS", 0)
    assert (upkeep.sweep(), upkeep.unused()) == (4, 0)
    assert ColdCandles(lake).read("BTCUSDT", 0, ROWS[-1].open_time, limit=9, backward=False) == [
        *ROWS[:60:20],
        ROWS[80],
    ]

    upkeep.remove(["2024-08"], before_ms=0)
    assert [part.value for part in upkeep.parts()] == ["2024-09"]
