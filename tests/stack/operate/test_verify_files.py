"""The lake's files in the proof: each held against its note, and whatever is wrong with one told of that one."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.candles import minute
from tests.proven_candles import LAST, at, faults, in_postgres
from tests.running import wait_until
from wickstream.config import Settings
from wickstream.operate.verify import verify
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.lake_files import noted_files
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack


def lake_file(settings: Settings, table: str = "candles") -> Path:
    (file,) = (Path(settings.lake_url.removeprefix("file:")) / table).glob("*=*/*.parquet")
    return file


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place % len(content)] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("place", [0, 5, 3_000, -20, -1])
def test_a_flipped_bit_is_found_and_its_file_named(stored: Settings, place: int) -> None:
    wait_until_noted(stored, 1)
    flip(lake_file(stored), place)
    found = faults(stored)
    assert {check for check, faults_of in found.items() if faults_of} == {"files"}
    ((_, what),) = found["files"]
    assert lake_file(stored).name in what
    assert "sha256" in what


def test_a_file_that_is_gone_is_named(stored: Settings) -> None:
    file = lake_file(stored)
    file.unlink()
    assert [what.endswith(f"{file.name}: is gone") for _, what in faults(stored)["files"]] == [True]


def test_beside_a_file_that_cannot_be_read_the_others_are_judged(stored: Settings) -> None:
    symbol, whole = stored.ticker_symbols[0], lake_file(stored)
    later = [minute(symbol, LAST + number) for number in range(10)]
    with closing(WarmWriter(stored)) as warm:
        warm.write(later)
    ColdCandles(stored).store(later, {})
    wait_until_noted(stored, 2)
    with psycopg.connect(conninfo(stored), autocommit=True) as conn:
        conn.execute("DELETE FROM lake_files")
    flip(whole, -6)
    in_postgres("UPDATE candles SET close = close + 0.01 WHERE open_time = %s", LAST + 3)(stored)

    found = faults(stored)

    assert [whole.name in what for _, what in found.pop("files")] == [True]
    assert [opened for opened, _ in found.pop("warm = cold")] == [at(LAST + 3)]
    assert not any(found.values())


def test_files_without_a_note_and_those_noted_late_are_told(stored: Settings) -> None:
    wait_until_noted(stored, 1)
    with psycopg.connect(conninfo(stored), autocommit=True) as conn:
        conn.execute("UPDATE lake_files SET noted_at = noted_at + 61000")
        assert remark(stored) == "1 noted over a minute after they were written"
        conn.execute("DELETE FROM lake_files")
        assert remark(stored) == "1 without a note, which were only read"


def remark(settings: Settings) -> str:
    report, _ = verify(settings, settings.ticker_symbols, start_ms=0, end_ms=2**53, tell=lambda _: None)
    assert report.passed
    return next(check.remark for check in report.checks if check.check == "files")


def wait_until_noted(settings: Settings, count: int) -> None:
    def is_noted() -> bool:
        with psycopg.connect(conninfo(settings)) as conn:
            return len(noted_files(conn, "candles")) == count

    wait_until(is_noted, what="the lake's files noted")
