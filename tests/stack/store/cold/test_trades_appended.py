"""Trades by the million: appended, in one commit with the offsets they came from, and still one row an id."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from arro3.core import RecordBatchReader
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS
from tests.conftest import SettingsMaker
from wickstream.config import Settings
from wickstream.store.cold.lake import COMPACT_EVERY
from wickstream.store.cold.trade_columns import as_stored, frame_of, in_order
from wickstream.store.cold.trades import TradesArchive

pytestmark = pytest.mark.stack

DAY_MS = 86_400_000
FAR = 2**53

Ids = list[tuple[str, int]]


LakeMaker = Callable[[], Settings]


@pytest.fixture(scope="module")
def make_lake(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> LakeMaker:
    """Of an empty lake each time."""
    base = make_settings(tmp_path_factory.mktemp("data"))
    return lambda: base.model_copy(update={"cold_url": f"file:{tmp_path_factory.mktemp('lake')}"})


def rows(ids: Iterable[tuple[str, int]], *, days: int = 0) -> pl.DataFrame:
    """Trades of these symbols and ids, so many days after the first."""
    taken = list(ids)
    columns: dict[str, list[Any]] = {
        "symbol": [symbol for symbol, _ in taken],
        "trade_id": [trade_id for _, trade_id in taken],
        "price": ["61837.63000000"] * len(taken),
        "quantity": ["0.02000000"] * len(taken),
        "traded_at_ms": [MIDNIGHT_MS + days * DAY_MS] * len(taken),
        "buyer_is_maker": [True] * len(taken),
        "counts": [True] * len(taken),
    }
    return in_order(frame_of(columns))


def of(symbol: str, first: int, last: int) -> Ids:
    return [(symbol, trade_id) for trade_id in range(first, last + 1)]


def table(lake: Settings) -> DeltaTable:
    return DeltaTable(f"{lake.lake_url.removeprefix('file:')}/trades")


def test_offsets_are_those_of_the_newest_commit_that_holds_their_rows(lake: Settings) -> None:
    archive = TradesArchive(lake)
    assert archive.append(rows(of("A", 1, 3) + of("B", 7, 8)), {"t/0": 5, "t/1": 2}) == 5
    assert archive.append(rows(of("A", 4, 4)), {"t/0": 6}) == 1
    assert archive.append(rows(of("A", 1, 4)), {"t/0": 9}) == 0, "nothing new, and so no commit"

    assert [TradesArchive(lake).offset(name) for name in ("t/0", "t/1", "t/2")] == [6, 2, None]
    assert TradesArchive(lake).ranges("A", 0, FAR) == [(1, 4)]
    assert TradesArchive(lake).ranges("B", 0, FAR) == [(7, 8)]


def test_an_id_that_comes_again_with_another_time_is_there_once(lake: Settings) -> None:
    archive = TradesArchive(lake)
    archive.append(rows(of("A", 1, 3)), {})

    assert archive.append(rows(of("A", 2, 5), days=40), {}) == 2
    assert [trade.traded_at_ms - MIDNIGHT_MS for trade in archive.read("A", 1, 5)] == [
        0,
        0,
        0,
        40 * DAY_MS,
        40 * DAY_MS,
    ]


def test_what_others_added_since_the_last_commit_is_not_added_again(lake: Settings) -> None:
    archive = TradesArchive(lake)
    archive.append(rows(of("A", 1, 3)), {"t/0": 3})
    TradesArchive(lake).add_frame("A", rows(of("A", 4, 6)))
    TradesArchive(lake).add_frame("C", rows(of("C", 1, 2)))

    assert archive.append(rows(of("A", 5, 8) + of("C", 1, 3)), {"t/0": 9}) == 3
    assert [archive.ranges(symbol, 0, FAR) for symbol in "AC"] == [[(1, 8)], [(1, 3)]]


@pytest.fixture
def before_a_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Does something once, when the next commit is all but made."""

    def plan(act: Callable[[], object]) -> None:
        acts = [act]

        def act_first(found: pl.DataFrame) -> RecordBatchReader:
            if acts:
                acts.pop()()
            return as_stored(found)

        monkeypatch.setattr("wickstream.store.cold.trades.as_stored", act_first)

    return plan


def test_a_commit_that_others_came_before_is_made_again_without_what_they_added(
    lake: Settings, before_a_commit: Callable[[Callable[[], object]], None]
) -> None:
    archive = TradesArchive(lake)
    archive.append(rows(of("A", 1, 3)), {"t/0": 3})
    before_a_commit(lambda: TradesArchive(lake).add_frame("A", rows(of("A", 4, 6))))

    assert archive.append(rows(of("A", 4, 8)), {"t/0": 8}) == 2
    assert [trade.trade_id for trade in archive.read("A", 0, FAR)] == list(range(1, 9))


def test_what_others_added_of_other_symbols_during_a_commit_is_not_added_by_the_next(
    lake: Settings, before_a_commit: Callable[[Callable[[], object]], None]
) -> None:
    archive = TradesArchive(lake)
    archive.append(rows(of("A", 1, 3) + of("B", 1, 3)), {"t/0": 6})
    before_a_commit(lambda: TradesArchive(lake).add_frame("B", rows(of("B", 4, 6))))
    archive.append(rows(of("A", 4, 4)), {"t/0": 7})

    assert archive.append(rows(of("B", 4, 8)), {"t/0": 12}) == 2
    assert [trade.trade_id for trade in archive.read("B", 0, FAR)] == list(range(1, 9))


def test_a_day_of_a_symbol_adds_what_is_not_there_between_what_is(lake: Settings) -> None:
    archive = TradesArchive(lake)
    archive.append(rows(of("A", 10, 19) + of("B", 10, 19)), {})
    day = rows(of("A", 1, 30)).drop("symbol", "counts").with_columns(ignored=pl.lit(1)).sample(fraction=1.0, seed=1)

    assert TradesArchive(lake).add_frame("A", pl.concat([day, day])) == 20
    assert TradesArchive(lake).add_frame("A", day) == 0
    assert archive.append(rows(of("A", 29, 31)), {}) == 1
    assert archive.ranges("A", 0, FAR) == [(1, 31)]
    assert len(archive.read("A", 0, FAR)) == 31
    assert archive.ranges("B", 0, FAR) == [(10, 19)]


def test_a_table_that_does_not_say_how_far_its_ids_go_is_looked_through(lake: Settings) -> None:
    TradesArchive(lake).append(rows(of("A", 1, 9)), {})
    whole = pl.scan_delta(table(lake)).collect()
    bare = lake.model_copy(update={"cold_url": f"{lake.lake_url}-copied"})
    whole.write_delta(f"{bare.lake_url.removeprefix('file:')}/trades", delta_write_options={"partition_by": ["day"]})

    # The smaller ids, and those of another day, must not make the larger ones look new.
    assert TradesArchive(bare).add_frame("A", rows(of("A", -3, -2), days=3)) == 2
    assert TradesArchive(bare).append(rows(of("A", 5, 12)), {}) == 3
    assert TradesArchive(bare).ranges("A", -9, FAR) == [(-3, -2), (1, 12)]


Work = st.lists(
    st.tuples(
        st.integers(0, 2),  # who
        st.sampled_from(["append", "add"]),
        st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 12)), min_size=1, max_size=8),
    ),
    min_size=2,
    max_size=12,
)


@settings(max_examples=15)
@given(Work)
def test_whoever_adds_what_in_whatever_order_an_id_is_there_once(
    make_lake: LakeMaker, work: list[tuple[int, str, Ids]]
) -> None:
    lake = make_lake()
    archives = [TradesArchive(lake) for _ in range(3)]
    held: set[tuple[str, int]] = set()
    for who, how, ids in work:
        if how == "add":
            ids = [(symbol, n) for symbol, n in ids if symbol == ids[0][0]]
            added = archives[who].add_frame(ids[0][0], rows(ids))
        else:
            added = archives[who].append(rows(ids), {f"t/{who}": 1})
        assert added == len(set(ids) - held)
        held |= set(ids)

    found = pl.scan_delta(table(lake)).collect()
    assert sorted(found.select("symbol", "trade_id").rows()) == sorted(held)


def test_each_file_is_in_order_and_joining_them_loses_none(lake: Settings, tmp_path: Path) -> None:
    archive = TradesArchive(lake)
    for number in range(COMPACT_EVERY + 3):
        archive.append(rows([(symbol, number) for symbol in "CAB"]), {"t/0": number})

    files = [pl.read_parquet(file) for file in table(lake).file_uris()]
    assert len(files) < 10
    assert all(one.sort("symbol", "trade_id", maintain_order=True).equals(one) for one in files if one.height == 3)
    assert [archive.ranges(symbol, 0, FAR) for symbol in "ABC"] == [[(0, COMPACT_EVERY + 2)]] * 3
    assert archive.append(rows(of("A", 0, COMPACT_EVERY + 3)), {}) == 1


def test_the_log_of_a_table_does_not_grow_for_ever(lake: Settings) -> None:
    TradesArchive(lake).append(rows(of("A", 1, 1)), {})

    assert table(lake).metadata().configuration["delta.logRetentionDuration"] == "interval 1 days"


def test_a_range_within_known_times_is_found_without_the_files_of_other_days(lake: Settings) -> None:
    archive = TradesArchive(lake)
    archive.append(rows(of("A", 1, 3)), {})
    archive.append(rows(of("A", 4, 6), days=2), {})
    for file in (Path(file) for file in table(lake).file_uris() if "2024-08-11" in file):
        file.unlink()

    within = (MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS)
    assert [trade.trade_id for trade in archive.read("A", 2, 5, within_ms=within)] == [2, 3]
    assert archive.ranges("A", 2, 5, within_ms=within) == [(2, 3)]


def test_a_range_of_ids_is_found_without_the_files_that_hold_others(lake: Settings) -> None:
    archive = TradesArchive(lake)
    archive.append(rows(of("A", 1, 3)), {})
    wanted = set(table(lake).file_uris())
    archive.append(rows(of("A", 4, 6)), {})
    archive.append(rows(of("B", 1, 3)), {})
    for file in set(table(lake).file_uris()) - wanted:
        Path(file).unlink()

    assert archive.ranges("A", 0, 3) == [(1, 3)]


def test_files_that_cannot_be_joined_hold_up_nothing(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wickstream.store.cold.lake.COMPACT_EVERY", 3)
    archive = TradesArchive(lake)
    archive.append(rows(of("A", 1, 3)), {})
    (lost,) = table(lake).file_uris()
    archive.append(rows(of("A", 4, 6)), {"t/0": 6})
    Path(lost).unlink()

    assert archive.append(rows(of("A", 7, 9)), {"t/0": 9}) == 3
    assert archive.append(rows(of("A", 10, 10)), {"t/0": 10}) == 1
    assert TradesArchive(lake).offset("t/0") == 10
    assert archive.ranges("A", 4, 20) == [(4, 10)]


def test_joining_files_writes_each_row_only_a_few_times(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wickstream.store.cold.lake.COMPACT_EVERY", 5)
    monkeypatch.setattr("wickstream.store.cold.lake.COMPACT_WHOLE_EVERY", 40)
    archive = TradesArchive(lake)
    for number in range(100):
        one = rows(of("A", 200 * number, 200 * number + 199))
        prices = (pl.col("trade_id").hash() % 10**9).cast(pl.Decimal(20, 8))  # that do not compress
        archive.append(one.with_columns(price=prices), {})

    live = [Path(file) for file in table(lake).file_uris()]
    written = pl.scan_parquet([*live[0].parent.glob("*.parquet")]).select(pl.len()).collect().item()
    assert len(live) < 20
    assert written < 6 * 20_000
