"""The tables of the lake are put in order beside those who write to them."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake
from deltalake.exceptions import CommitFailedError

from tests.alerts import whale
from tests.candles import minute
from tests.lake_parts import fill_candles, rows, table, trades
from tests.writing import again
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS
from wickstream.store.cold import lake as lake_module
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.cold.upkeep import CANDLES, TRADES, Doubled, Upkeep, file_bytes

pytestmark = pytest.mark.stack

MONTH, DAY = "2024-08", "2024-08-09"
DAY_MS = 1_440 * MINUTE_MS


def test_a_month_of_candles_becomes_one_file_in_order(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wickstream.store.cold.upkeep.PIECE_ROWS", 10)
    fill_candles(lake)
    before, upkeep = rows(lake, "candles"), Upkeep.of_candles(lake)
    assert [(part.value, part.rows, part.is_in_order) for part in upkeep.parts()] == [(MONTH, 24, False)]

    after = upkeep.put_in_order(MONTH)

    assert after is not None
    assert (after.files, after.rows, after.is_in_order) == (1, 24, True)
    (file,) = table(lake, "candles").file_uris()
    ordered = pl.read_parquet(file).select("symbol", "open_time")
    assert ordered.equals(ordered.sort("symbol", "open_time"))
    assert rows(lake, "candles").equals(before)
    assert ColdCandles(lake).offset("write-cold/a/0") == 7


def test_what_is_in_order_is_left_alone(lake: Settings) -> None:
    fill_candles(lake)
    upkeep = Upkeep.of_candles(lake)
    upkeep.put_in_order(MONTH)
    version = table(lake, "candles").version()
    assert Upkeep.of_candles(lake).put_in_order(MONTH) == upkeep.put_in_order(MONTH)
    assert table(lake, "candles").version() == version


def test_what_comes_later_is_put_in_order_with_the_rest(lake: Settings) -> None:
    fill_candles(lake)
    Upkeep.of_candles(lake).put_in_order(MONTH)
    ColdCandles(lake).store([minute("A", 3, revision=1), minute("A", 9)], {})
    assert not Upkeep.of_candles(lake).parts()[0].is_in_order
    after = Upkeep.of_candles(lake).put_in_order(MONTH)
    assert after is not None
    assert (after.files, after.rows) == (1, 25)


def test_a_day_of_trades_keeps_its_ids_and_offsets(lake: Settings) -> None:
    archive = TradesArchive(lake)
    for first in range(0, 60, 10):
        for symbol in "BA":
            archive.add(symbol, trades(symbol, first, first + 9))
    after = Upkeep.of_trades(lake).put_in_order(DAY)
    assert after is not None
    assert (after.files, after.rows) == (1, 120)
    assert archive.add("A", trades("A", 50, 69)) == 10
    assert archive.ranges("A", 0, 99) == [(0, 69)]


def test_a_month_of_alerts_becomes_one_file(lake: Settings) -> None:
    for number in range(4):
        ColdAlerts(lake).store([whale(number)], {"write-alerts/a/0": number})
    before = rows(lake, "alerts")
    after = Upkeep.of_alerts(lake).put_in_order(MONTH)
    assert after is not None
    assert (after.files, after.rows) == (1, 4)
    assert rows(lake, "alerts").equals(before)
    assert ColdAlerts(lake).offset("write-alerts/a/0") == 3


def test_a_row_that_is_there_twice_stays_and_is_told_of(lake: Settings) -> None:
    fill_candles(lake)
    held = table(lake, "candles")
    write_deltalake(held, pl.scan_delta(held).filter(pl.col("symbol") == "B").head(1).collect(), mode="append")
    with pytest.raises(Doubled, match="twice"):
        Upkeep.of_candles(lake).put_in_order(MONTH)
    assert rows(lake, "candles").height == 25


def test_a_file_that_is_not_there_is_no_reason_to_lose_the_others(lake: Settings) -> None:
    fill_candles(lake)
    lost, *_ = table(lake, "candles").file_uris()
    Path(lost).unlink()
    version = table(lake, "candles").version()
    with pytest.raises(StoreBusy, match="cold tier"):
        Upkeep.of_candles(lake).put_in_order(MONTH)
    assert table(lake, "candles").version() == version


@pytest.fixture
def while_it_sorts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Does something once, between the snapshot and the commit."""

    def plan(act: Callable[[], object]) -> None:
        acts, write = [act], write_deltalake

        def act_first(*args: object, **named: object) -> None:
            if acts:
                acts.pop()()
            write(*args, **named)  # type: ignore[call-overload]

        monkeypatch.setattr(lake_module, "write_deltalake", act_first)

    return plan


@pytest.mark.parametrize(
    "act",
    [
        lambda lake: ColdCandles(lake).store([minute("A", 20)], {"w": 1}),
        lambda lake: ColdCandles(lake).store([minute("A", 3, revision=1)], {"w": 1}),
        lambda lake: table(lake, "candles").optimize.compact(),
        lambda lake: Upkeep.of_candles(lake).put_in_order(MONTH),
        lambda lake: Upkeep.of_candles(lake).remove([MONTH], before_ms=0),
    ],
    ids=["a new row", "a larger version", "joined files", "another lifecycle", "removed"],
)
def test_whoever_comes_before_is_not_overwritten(
    lake: Settings, while_it_sorts: Callable[[Callable[[], object]], None], act: Callable[[Settings], object]
) -> None:
    fill_candles(lake)
    seen: list[pl.DataFrame] = []

    def act_and_look() -> None:
        act(lake)
        seen.append(rows(lake, "candles"))

    while_it_sorts(act_and_look)
    with pytest.raises(StoreBusy):
        Upkeep.of_candles(lake).put_in_order(MONTH)
    assert rows(lake, "candles").equals(seen[0])
    Upkeep.of_candles(lake).put_in_order(MONTH)
    assert rows(lake, "candles").equals(seen[0])


def test_what_is_written_to_another_month_meanwhile_is_in_nobodys_way(
    lake: Settings, while_it_sorts: Callable[[Callable[[], object]], None]
) -> None:
    fill_candles(lake)
    september = minute("A", 40 * 1_440)
    while_it_sorts(lambda: ColdCandles(lake).store([september], {"w": 1}))
    after = Upkeep.of_candles(lake).put_in_order(MONTH)
    assert after is not None
    assert after.is_in_order
    assert rows(lake, "candles").height == 25
    assert ColdCandles(lake).offset("w") == 1


def test_killed_before_it_is_noted_as_in_order_it_is_written_once_more(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_candles(lake)
    before = rows(lake, "candles")
    with monkeypatch.context() as patch:
        patch.setattr(lake_module.LakeTable, "_say", lambda *_: (_ for _ in ()).throw(CommitFailedError("killed")))
        with pytest.raises(StoreBusy):
            Upkeep.of_candles(lake).put_in_order(MONTH)
    after = Upkeep.of_candles(lake).put_in_order(MONTH)
    assert after is not None
    assert (after.files, after.is_in_order) == (1, True)
    assert rows(lake, "candles").equals(before)


def test_of_a_writer_and_upkeep_at_once_no_row_is_lost_or_doubled(lake: Settings) -> None:
    fill_candles(lake)
    is_done = threading.Event()

    def write() -> None:
        candles, archive = ColdCandles(lake), TradesArchive(lake)
        for number in range(12):
            again(partial(candles.store, [minute("A", number % 5, revision=number)], {"w": number}))
            again(partial(archive.add, "A", trades("A", 10 * number, 10 * number + 12)))
        is_done.set()

    writing = threading.Thread(target=write)
    writing.start()
    while not is_done.is_set():
        for upkeep, part in ((Upkeep.of_candles(lake), MONTH), (Upkeep.of_trades(lake), DAY)):
            try:
                upkeep.put_in_order(part)
            except StoreBusy:
                continue
    writing.join()
    found = rows(lake, "candles").filter(pl.col("symbol") == "A").sort("open_time")
    assert found["revision"].to_list() == [10, 11, 7, 8, 9, 0, 0, 0]
    assert ColdCandles(lake).offset("w") == 11
    assert rows(lake, "trades")["trade_id"].to_list() == list(range(123))


@pytest.mark.parametrize("million", [1, 60, 150, 240, 250, 400, 900, 4_000])
def test_a_part_becomes_few_files_of_about_the_same_size(million: int) -> None:
    size = million << 20
    candles, trades_ = (-(-size // file_bytes(size, form)) for form in (CANDLES, TRADES))
    assert candles <= 4
    assert trades_ == 1 or 64 << 20 <= size // trades_ <= 256 << 20


def test_a_table_that_is_not_there_has_no_parts(lake: Settings) -> None:
    upkeep = Upkeep.of_trades(lake)
    assert (upkeep.parts(), upkeep.put_in_order(DAY), upkeep.unused(), upkeep.sweep()) == ([], None, 0, 0)
