"""The table of single trades, for us and for everybody else."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Trade
from wickstream.store.cold.lake import COMPACT_EVERY
from wickstream.store.cold.trades import TradesArchive

pytestmark = pytest.mark.stack

DAY_MS = 86_400_000
FAR = 2**53


def trade(trade_id: int, *, symbol: str = "BTCUSDT", at_ms: int = 0, price: str = "61837.63000000") -> Trade:
    return Trade(symbol, trade_id, Decimal(price), Decimal("0.00000010"), MIDNIGHT_MS + at_ms, buyer_is_maker=True)


def test_an_archive_that_is_not_there_is_empty(lake: Settings) -> None:
    archive = TradesArchive(lake)

    assert archive.read("BTCUSDT", 0, FAR) == []
    assert archive.ranges("BTCUSDT", 0, FAR) == []
    assert archive.add("BTCUSDT", []) == 0


def test_trades_come_back_to_the_last_digit(lake: Settings) -> None:
    largest = Trade("BTCUSDT", FAR, Decimal("999999999999.99999999"), Decimal("0.00000001"), MIDNIGHT_MS, False, False)  # noqa: FBT003
    trades = [trade(7), trade(8, at_ms=DAY_MS), largest]
    assert TradesArchive(lake).add("BTCUSDT", trades) == 3

    found = TradesArchive(lake).read("BTCUSDT", 0, FAR)
    assert found == trades
    assert str(found[0].price) == "61837.63000000"


def test_polars_reads_exact_decimals_without_code_of_ours(lake: Settings, tmp_path: Path) -> None:
    TradesArchive(lake).add("BTCUSDT", [trade(7), trade(8, at_ms=DAY_MS)])
    frame = pl.scan_delta(str(tmp_path / "lake" / "trades")).sort("trade_id").collect()

    assert frame.schema["price"] == pl.Decimal(20, 8)
    assert frame["price"].to_list() == [Decimal("61837.63")] * 2
    assert frame["day"].to_list() == ["2024-08-09", "2024-08-10"]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 25), max_size=12), min_size=1, max_size=5))
def test_a_trade_is_there_once_however_often_it_is_added(
    lake: Settings, tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]]
) -> None:
    archive = TradesArchive(lake.model_copy(update={"cold_url": f"file:{tmp_path_factory.mktemp('lake')}"}))
    held: set[int] = set()
    for ids in batches:
        assert archive.add("A", [trade(n, symbol="A", at_ms=n * DAY_MS // 10) for n in ids]) == len(set(ids) - held)
        held |= set(ids)

    assert [row.trade_id for row in archive.read("A", 0, FAR)] == sorted(held)
    ranges = archive.ranges("A", 0, FAR)
    assert {n for first, last in ranges for n in range(first, last + 1)} == held
    assert all(after[0] > before[1] + 1 for before, after in pairwise(ranges))


def test_ranges_and_reads_keep_to_what_was_asked_for(lake: Settings) -> None:
    archive = TradesArchive(lake)
    archive.add("A", [trade(n, symbol="A") for n in (1, 2, 3, 6, 7)])
    archive.add("O'x", [trade(n, symbol="O'x") for n in (4, 5)])
    archive.add("币安人生USDT", [trade(9, symbol="币安人生USDT")])

    assert archive.ranges("A", 2, 6) == [(2, 3), (6, 6)]
    assert [row.trade_id for row in archive.read("A", 2, 6)] == [2, 3, 6]
    assert archive.ranges("O'x", 0, FAR) == [(4, 5)]
    assert archive.ranges("币安人生USDT", 0, FAR) == [(9, 9)]
    assert archive.ranges("x' OR '1'='1", 0, FAR) == []


def test_two_processes_may_add_the_same(lake: Settings) -> None:
    one, other = TradesArchive(lake), TradesArchive(lake)
    for number in range(3):
        one.add("A", [trade(number, symbol="A")])
        other.add("A", [trade(number, symbol="A"), trade(100 + number, symbol="A")])

    assert one.ranges("A", 0, FAR) == [(0, 2), (100, 102)]
    assert len(one.read("A", 0, FAR)) == 6


def test_files_stay_few(lake: Settings, tmp_path: Path) -> None:
    archive = TradesArchive(lake)
    for number in range(COMPACT_EVERY + 2):
        archive.add("A", [trade(number, symbol="A")])

    assert archive.ranges("A", 0, FAR) == [(0, COMPACT_EVERY + 1)]
    assert pl.scan_delta(str(tmp_path / "lake" / "trades")).collect()["trade_id"].is_unique().all()


def test_a_lake_that_cannot_be_reached_is_busy_and_not_a_crash(settings: Settings) -> None:
    nowhere = TradesArchive(settings.model_copy(update={"cold_url": "file:/dev/null/lake"}))

    with pytest.raises(StoreBusy, match="cold tier"):
        nowhere.add("A", [trade(1)])
