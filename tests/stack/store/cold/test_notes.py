"""The sha256 of the lake's files in PostgreSQL: taken after each commit, the first word on a file stands."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.candles import minute
from tests.running import wait_until
from wickstream.config import Settings
from wickstream.events import Alert, AlertType, Trade
from wickstream.store.cold import lake as lake_module
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.lake_files import Noted, noted_files

pytestmark = pytest.mark.stack


@pytest.fixture
def lake(database: Settings, tmp_path: Path) -> Settings:
    return database.model_copy(update={"cold_url": f"file:{tmp_path / 'lake'}"})


def noted(settings: Settings, table: str = "candles") -> dict[str, Noted]:
    with psycopg.connect(conninfo(settings)) as conn:
        return noted_files(conn, table)


def on_disk(tmp_path: Path, table: str = "candles") -> dict[str, str]:
    """All that ever was of a table, with the sha256."""
    root = tmp_path / "lake" / table
    return {str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest() for file in root.glob("*=*/*")}


def is_noted(settings: Settings, count: int, table: str = "candles") -> Callable[[], bool]:
    return lambda: len(noted(settings, table)) == count


def test_each_file_of_each_table_is_noted_with_its_sha256(lake: Settings, tmp_path: Path) -> None:
    ColdCandles(lake).store([minute(number=number) for number in range(3)], {})
    TradesArchive(lake).add("BTCUSDT", [Trade("BTCUSDT", 7, minute().open, minute().volume, minute().open_time, False)])  # noqa: FBT003
    price, at = minute().open, minute().open_time
    whale = Alert(
        "whale:BTCUSDT:7",
        AlertType.WHALE,
        "BTCUSDT",
        at,
        price,
        price,
        {},
        late=False,
        final=True,
        revision=0,
        trade_count=1,
    )
    ColdAlerts(lake).store([whale], {})
    for table in ("candles", "trades", "alerts"):
        wait_until(is_noted(lake, 1, table), what=f"a file of {table} noted")
        (file,) = noted(lake, table).values()
        assert {file.path: file.sha256} == on_disk(tmp_path, table)
        assert 0 <= file.noted_at - file.added_at < 60_000


def test_a_file_that_gave_way_to_another_loses_its_note(lake: Settings, tmp_path: Path) -> None:
    table = ColdCandles(lake)
    table.store([minute(number=number) for number in range(3)], {})
    wait_until(is_noted(lake, 1), what="the first file noted")
    before = noted(lake)
    table.store([minute(number=1, revision=1)], {})
    wait_until(lambda: noted(lake).keys() != before.keys(), what="the second file noted")
    assert len(noted(lake)) == 1
    assert len(on_disk(tmp_path)) == 2


def test_joined_files_are_noted_as_one(lake: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_module, "COMPACT_EVERY", 3)
    monkeypatch.setattr(lake_module, "COMPACT_WHOLE_EVERY", 3)
    table = ColdCandles(lake)
    for number in range(3):
        table.store([minute(number=number)], {})
    wait_until(lambda: [file.rows for file in noted(lake).values()] == [3], what="the joined file noted")
    ((path, joined),) = noted(lake).items()
    assert on_disk(tmp_path)[path] == joined.sha256


def test_what_was_taken_while_postgres_was_away_is_noted_later_as_it_was(lake: Settings, tmp_path: Path) -> None:
    with psycopg.connect(conninfo(lake), autocommit=True) as conn:
        conn.execute("ALTER TABLE lake_files RENAME TO away")
    table = ColdCandles(lake)
    table.store([minute("AUSDT")], {})
    ((first, digest),) = on_disk(tmp_path).items()
    wait_until(lambda: first in table._lake.notes._taken, what="the file read")
    (tmp_path / "lake" / "candles" / first).write_bytes(b"damaged since")
    with psycopg.connect(conninfo(lake), autocommit=True) as conn:
        conn.execute("ALTER TABLE away RENAME TO lake_files")

    table.store([minute("BUSDT", 1)], {})

    wait_until(is_noted(lake, 2), what="both files noted")
    assert noted(lake)[first].sha256 == digest


def test_a_file_that_another_process_could_not_note_is_noted_with_its_time(lake: Settings) -> None:
    ColdCandles(lake.model_copy(update={"postgres_port": 1})).store([minute("AUSDT")], {})
    assert noted(lake) == {}

    ColdCandles(lake).store([minute("BUSDT", 1)], {})

    wait_until(is_noted(lake, 2), what="both files noted")
    assert all(file.noted_at >= file.added_at for file in noted(lake).values())


def test_the_first_word_on_a_file_stands(lake: Settings, tmp_path: Path) -> None:
    ColdCandles(lake).store([minute("AUSDT")], {})
    wait_until(is_noted(lake, 1), what="the file noted")
    (before,) = noted(lake).values()
    (tmp_path / "lake" / "candles" / before.path).write_bytes(b"damaged since")

    ColdCandles(lake).store([minute("BUSDT", 1)], {})

    wait_until(is_noted(lake, 2), what="the other file noted")
    assert noted(lake)[before.path] == before
