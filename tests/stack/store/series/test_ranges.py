"""Ranges of any length as columns, with warm and cold there and away."""

from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle, Origin, roll_up
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.series.frames import candles_of
from wickstream.store.series.ranges import Range, RangeReader
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

NO_POSTGRES: dict[str, Any] = {"postgres_host": "127.0.0.1", "postgres_port": 1}
MINUTES = 12 * 1_440  # more than a reader of its own is worth


@pytest.fixture
def rows(symbol: str) -> list[Candle]:
    return [minute(symbol, number) for number in range(MINUTES)]


@pytest.fixture
def filled(stores: Settings, rows: list[Candle]) -> Settings:
    """The first half in the lake, the second half in PostgreSQL, some of it in both: there in another version."""
    with closing(WarmWriter(stores)) as warm:
        warm.write(rows[MINUTES // 2 :], gaps=())
    ColdCandles(stores).store(rows[: MINUTES // 2 + 60], {})
    return stores


def read(settings: Settings, interval: str = "1m", start: int | None = None, end: int | None = None) -> Range:
    with closing(RangeReader(settings)) as reader:
        return reader.read(settings.ticker_symbols[0], interval, start, end)


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


def test_two_tiers_are_one_series_without_a_hole_or_a_double(filled: Settings, rows: list[Candle]) -> None:
    found = read(filled)
    assert (found.missing, found.tiers, found.away) == (0, ("warm", "cold"), ())
    assert candles_of(found.frame) == rows


def test_a_range_includes_both_of_its_ends(filled: Settings, rows: list[Candle]) -> None:
    assert candles_of(read(filled, start=at(100), end=at(200)).frame) == rows[100:201]
    assert candles_of(read(filled, start=at(MINUTES - 100), end=at(MINUTES - 1)).frame) == rows[-100:]


def test_rows_come_in_order_and_unknown_ids_stay_unknown(stores: Settings, symbol: str) -> None:
    known, unknown = minute(symbol, 0), {"first_trade_id": None, "last_trade_id": None, "origin": Origin.EXCHANGE}
    rows = [known, minute(symbol, 1, **unknown), minute(symbol, 2)]
    with closing(WarmWriter(stores)) as warm:
        for row in reversed(rows):
            warm.write([row])
    assert candles_of(read(stores).frame) == rows


def test_windows_are_rolled_up_from_both_tiers(filled: Settings, rows: list[Candle]) -> None:
    assert candles_of(read(filled, "4h").frame) == list(roll_up(rows, "4h"))


def test_a_hole_of_warm_is_filled_from_cold_and_one_of_both_is_counted(stores: Settings, rows: list[Candle]) -> None:
    halt = Gap(stores.ticker_symbols[0], None, None, at(7), at(9), GapStatus.HALTED)
    with closing(WarmWriter(stores)) as warm:
        warm.write([row for number, row in enumerate(rows[:20]) if number not in (3, 4, 7, 9)], gaps=(halt,))
    ColdCandles(stores).store(rows[3:5], {})
    found = read(stores, start=at(0), end=at(19))
    assert found.missing == 1
    assert set(found.frame["open_time"]) == {at(number) for number in range(20)} - {at(7), at(9)}


def test_cold_alone_answers_and_says_that_warm_is_away(filled: Settings, rows: list[Candle]) -> None:
    found = read(filled.model_copy(update=NO_POSTGRES))
    assert (found.tiers, found.away) == (("cold",), ("warm",))
    assert candles_of(found.frame) == rows[: MINUTES // 2 + 60]


def test_nothing_at_all_is_an_empty_range(stores: Settings) -> None:
    found = read(stores)
    assert (found.missing, found.tiers, found.frame.height) == (0, (), 0)
    assert isinstance(found.frame, pl.DataFrame)


def test_without_any_tier_both_are_named(stores: Settings, tmp_path: Path) -> None:
    log = tmp_path / "broken" / "candles" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("no JSON")
    away = stores.model_copy(update=NO_POSTGRES | {"cold_url": f"file:{tmp_path / 'broken'}"})
    with pytest.raises(StoreBusy, match=r"PostgreSQL.*cold"):
        read(away)
