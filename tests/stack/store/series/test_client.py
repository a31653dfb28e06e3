"""Three lines of Python, and the lake is a data frame."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import wickstream
from tests.candles import MIDNIGHT_MS, minute
from tests.conftest import SettingsMaker
from wickstream.candle import Candle, roll_up
from wickstream.errors import Mistake
from wickstream.events import MINUTE_MS, Trade
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.series.frames import candles_of

ROWS = [minute(number=number) for number in range(-30, 150)]


@pytest.fixture
def folder(tmp_path: Path, make_settings: SettingsMaker) -> Path:
    """A data folder with a lake of two symbols."""
    settings = make_settings(tmp_path / "data")
    ColdCandles(settings).store([*ROWS, minute("币安人生USDT", 0)], {})
    return settings.data_dir


def between(first: int, last: int) -> list[Candle]:
    return [row for row in ROWS if MIDNIGHT_MS + first * MINUTE_MS <= row.open_time <= MIDNIGHT_MS + last * MINUTE_MS]


def test_a_data_folder_or_its_lake_opens_by_its_path(folder: Path) -> None:
    for where in (folder, folder / "lake", str(folder), f"file:{folder / 'lake'}"):
        assert wickstream.lake(where).symbols() == ["BTCUSDT", "币安人生USDT"]


def test_candles_come_as_they_were_stored(folder: Path) -> None:
    assert candles_of(wickstream.lake(folder).candles("BTCUSDT")) == ROWS


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2024-08-09", "2024-08-09T01:00"),
        (date(2024, 8, 9), datetime(2024, 8, 9, 1)),  # noqa: DTZ001 - what has no zone is UTC
        (MIDNIGHT_MS, MIDNIGHT_MS + 60 * MINUTE_MS),
        ("2024-08-09T02:00+02:00", datetime(2024, 8, 9, 1, tzinfo=UTC)),
    ],
)
def test_times_are_texts_dates_or_milliseconds_and_both_ends_are_included(
    folder: Path, start: wickstream.Moment, end: wickstream.Moment
) -> None:
    assert candles_of(wickstream.lake(folder).candles("BTCUSDT", start, end)) == between(0, 60)


def test_longer_intervals_are_rolled_up_and_say_whether_they_are_whole(folder: Path) -> None:
    found = wickstream.lake(folder).candles("BTCUSDT", interval="1h")
    assert candles_of(found) == list(roll_up(ROWS, "1h"))
    assert found["closed"].to_list() == [False, True, True, False]


def test_trades_come_by_time_in_the_order_of_their_ids(folder: Path, make_settings: SettingsMaker) -> None:
    trades = [Trade("BTCUSDT", i, Decimal("1.50000000"), Decimal(2), MIDNIGHT_MS + i, i % 2 == 0) for i in range(1, 9)]
    TradesArchive(make_settings(folder)).add("BTCUSDT", trades[::-1])
    lake = wickstream.lake(folder)
    assert lake.trades("BTCUSDT")["trade_id"].to_list() == list(range(1, 9))
    some = lake.trades("BTCUSDT", MIDNIGHT_MS + 3, MIDNIGHT_MS + 5)
    assert some.select("trade_id", "price", "buyer_is_maker").rows() == [
        (i, Decimal("1.50000000"), i % 2 == 0) for i in (3, 4, 5)
    ]
    assert lake.trades("NOSUCH").is_empty()


def test_an_unknown_symbol_is_an_empty_frame(folder: Path) -> None:
    assert wickstream.lake(folder).candles("NOSUCH").is_empty()


def test_what_cannot_be_meant_is_refused_in_words(folder: Path) -> None:
    lake = wickstream.lake(folder)
    with pytest.raises(Mistake, match="no interval 7m"):
        lake.candles("BTCUSDT", interval="7m")
    with pytest.raises(Mistake, match="is no time"):
        lake.candles("BTCUSDT", "yesterday")
    with pytest.raises(Mistake, match="no such folder"):
        wickstream.lake(folder / "nowhere")
