"""Candles as files."""

import json
from contextlib import closing
from pathlib import Path

import msgspec
import polars as pl
import pytest
from typer.testing import CliRunner

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle, roll_up
from wickstream.cli import app
from wickstream.config import Settings, child_environment
from wickstream.errors import Mistake, Unknowable
from wickstream.events import MINUTE_MS
from wickstream.operate.export import Exported, Format, export
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.series.frames import candles_of
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

ROWS = [minute(number=number) for number in range(180)]


@pytest.fixture
def stored(database: Settings, tmp_path: Path) -> Settings:
    """Two symbols, one of them of older days in the lake only; a minute lacks of the other."""
    settings = database.model_copy(update={"cold_url": f"file:{tmp_path / 'lake'}"})
    ColdCandles(settings).store(ROWS[:100], {})
    with closing(WarmWriter(settings)) as warm:
        warm.write(ROWS[90:])
        warm.write([minute("币安人生USDT", number) for number in (0, 2)])
    return settings


def exported(
    settings: Settings,
    *symbols: str,
    to: Path,
    interval: str = "1m",
    form: str = "parquet",
    known_at: int | None = None,
) -> list[Exported]:
    asked = export(
        settings, symbols, interval, start_ms=None, end_ms=None, known_at_ms=known_at, to=to, form=Format(form)
    )
    return list(asked)


def test_a_parquet_file_has_the_candles_of_all_tiers(stored: Settings, tmp_path: Path) -> None:
    (done,) = exported(stored, "BTCUSDT", to=tmp_path / "out")
    assert done == Exported(
        "BTCUSDT", tmp_path / "out" / "BTCUSDT-1m.parquet", 180, MIDNIGHT_MS, ROWS[-1].open_time, 0, ()
    )
    assert done.file is not None
    assert candles_of(pl.read_parquet(done.file)) == ROWS


def test_without_symbols_each_that_is_stored_has_a_file_and_a_missing_minute_is_told(
    stored: Settings, tmp_path: Path
) -> None:
    done = exported(stored, to=tmp_path)
    assert {(one.symbol, one.candles, one.missing) for one in done} == {("BTCUSDT", 180, 0), ("币安人生USDT", 2, 1)}
    assert sorted(file.name for file in tmp_path.glob("*.parquet")) == ["BTCUSDT-1m.parquet", "币安人生USDT-1m.parquet"]


def test_a_single_symbol_goes_into_the_file_that_is_named_and_csv_holds_amounts_to_the_last_digit(
    stored: Settings, tmp_path: Path
) -> None:
    exported(stored, "BTCUSDT", to=tmp_path / "hours.csv", interval="1h", form="csv")
    rows = (tmp_path / "hours.csv").read_text().splitlines()
    wanted = list(roll_up(ROWS, "1h"))
    assert len(rows) == 1 + len(wanted) == 4
    assert f"{wanted[0].quote_volume:f}".rstrip("0") in rows[1]


def test_what_was_there_stays_whole_when_writing_fails(stored: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("kept")
    with pytest.raises(Mistake, match="--to"):
        exported(stored, "BTCUSDT", to=blocked)
    assert blocked.read_text() == "kept"


@pytest.fixture
def repaired(stored: Settings) -> Settings:
    """The same, with five minutes that were published once more, an hour after they ended."""
    again = {"revision": 1, "trade_count": 9}
    with closing(WarmWriter(stored)) as warm:
        for row in ROWS[100:105]:
            warm.write([msgspec.structs.replace(row, **again, published_at=row.published_at + 60 * MINUTE_MS)])
    return stored


def candles_in(done: Exported) -> list[Candle]:
    assert done.file is not None
    return candles_of(pl.read_parquet(done.file))


def test_as_known_at_a_moment_there_is_what_was_known_then_and_nothing_that_came_later(
    repaired: Settings, tmp_path: Path
) -> None:
    (then,) = exported(repaired, "BTCUSDT", to=tmp_path / "then", known_at=ROWS[150].published_at)
    (now,) = exported(repaired, "BTCUSDT", to=tmp_path / "now")
    assert candles_in(then) == ROWS[:151]
    assert [candle.trade_count for candle in candles_in(now)[100:105]] == [9] * 5


def test_what_nobody_can_tell_of_a_moment_is_an_error_and_no_file(repaired: Settings, tmp_path: Path) -> None:
    told = ["export", "--symbols", "BTCUSDT", "--to", str(tmp_path / "a.csv"), "--as-known-at"]
    environment = child_environment(repaired)
    found = CliRunner().invoke(app, [*told, str(ROWS[20].published_at - 60_000)], env=environment)
    assert isinstance(found.exception, Unknowable)
    found = CliRunner().invoke(app, [*told, "2099-01-01"], env=environment)
    assert isinstance(found.exception, Mistake)
    assert not (tmp_path / "a.csv").exists()


def test_the_command_tells_what_it_wrote_and_fails_where_a_minute_is_missing(stored: Settings, tmp_path: Path) -> None:
    runner, environment = CliRunner(), child_environment(stored)
    whole = ["export", "--symbols", "BTCUSDT", "--start", "2024-08-09T01:00", "--end", "2024-08-09T01:59"]
    found = runner.invoke(app, [*whole, "--to", str(tmp_path / "a.parquet"), "--json"], env=environment)
    assert found.exit_code == 0, found.output
    (told,) = json.loads(found.stdout)
    assert (told["candles"], told["first"], told["last"]) == (
        60, MIDNIGHT_MS + 60 * MINUTE_MS, MIDNIGHT_MS + 119 * MINUTE_MS,
    )  # fmt: skip
    found = runner.invoke(app, ["export", "--to", str(tmp_path / "all")], env=environment)
    assert found.exit_code == 1
    assert "1 minute missing between" in found.stdout
