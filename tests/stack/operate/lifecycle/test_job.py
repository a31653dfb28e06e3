"""The whole lifecycle on the real PostgreSQL and a lake."""

from contextlib import closing
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.aged_stores import APRIL, SYMBOLS, alerts, candles_of, rows_of, state_of
from wickstream.config import Settings
from wickstream.operate.lifecycle.job import AtWork, run
from wickstream.operate.lifecycle.report import Outcome, Report
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.cold.files import files_of
from wickstream.store.cold.tables import trades_table
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.series.frames import SCHEMA
from wickstream.store.series.frames import candles_of as candles_in
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.months import detach_month
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

APRIL_MONTH, KEPT = "2024-04", "warm kept for 90 days"


def go(settings: Settings, *, dry_run: bool = False) -> Report:
    return run(settings, dry_run=dry_run, progress=lambda *_: None, tell=lambda _: None)


def outcomes(found: Report) -> dict[tuple[str, str], Outcome]:
    return {(one.step, one.subject): one.outcome for one in found.done}


def test_a_dry_run_tells_what_would_be_done_and_changes_nothing(aged: Settings) -> None:
    before = state_of(aged)
    found = go(aged, dry_run=True)
    assert state_of(aged) == before
    assert found.passed
    assert {one.outcome for one in found.done} == {Outcome.WOULD_BE}
    real = go(aged)
    assert set(outcomes(found)) <= set(outcomes(real))


def test_what_is_old_goes_and_what_stays_is_in_order(aged: Settings) -> None:
    april = {symbol: [c for row in candles_of(APRIL, (symbol,)) for c in row] for symbol in SYMBOLS}
    before = state_of(aged)

    found = go(aged)

    after = state_of(aged)
    assert found.passed
    assert after.tables == [row for row in before.tables if not row[0].endswith("2024_04")]
    assert all(is_attached for _, is_attached in after.tables)
    assert after.warm["candles"] == [row for row in before.warm["candles"] if row in after.warm["candles"]]
    assert len(before.warm["candles"]) - len(after.warm["candles"]) == sum(map(len, april.values()))
    assert after.parts == {
        "candles": [("2024-04", 1, True), ("2024-07", 1, True), ("2024-08", after.parts["candles"][2][1], False)],
        "trades": [("2024-08-08", 1, True), ("2024-08-09", after.parts["trades"][1][1], False)],
        "alerts": [("2024-04", 1, True)],
    }
    reader = LakeReader(aged)
    for symbol in SYMBOLS[1:]:
        assert candles_in(reader.candles(symbol, 0, 1_715_000_000_000, SCHEMA)) == april[symbol]
    (first, *others) = candles_in(reader.candles(SYMBOLS[0], 0, 1_715_000_000_000, SCHEMA))
    assert (first.revision, others) == (1, april[SYMBOLS[0]][1:])
    assert len(rows_of(aged, "alerts")) == len(alerts()) - 1  # that of August stays where it is
    assert len(after.warm["alerts"]) == 1
    assert TradesArchive(aged).kept_since_ms() == 1_712_102_400_000  # 3 April


def test_run_again_it_finds_nothing_to_do(aged: Settings) -> None:
    go(aged)
    after = state_of(aged)
    again = go(aged)
    assert (again.passed, list(again.done)) == (True, [])
    assert state_of(aged) == after


def test_a_feed_that_stands_still_drops_nothing(aged: Settings) -> None:
    """Now is in August 2024, by the newest candle, however long ago that is."""
    found = go(aged, dry_run=True)
    assert found.now == 1_723_162_500_000 + 8 * 3_600_000
    assert {subject for step, subject in outcomes(found) if step == KEPT} == {APRIL_MONTH}


def test_a_month_that_differs_in_cold_stays_and_is_named(aged: Settings) -> None:
    first = next(candles_of(APRIL))[4]
    other = msgspec.structs.replace(first, high=first.high + 1)
    with psycopg.connect(conninfo(aged)) as conn:
        conn.execute(
            "UPDATE candles SET high = %s WHERE symbol = %s AND open_time = %s",
            (other.high, other.symbol, other.open_time),
        )
    found = go(aged)
    assert not found.passed
    (failed,) = [one for one in found.done if one.outcome is Outcome.FAILED]
    assert (failed.step, failed.subject) == (KEPT, APRIL_MONTH)
    assert [(fault.symbol, fault.open_time) for fault in failed.faults] == [(first.symbol, first.open_time)]
    assert "high" in failed.faults[0].what
    assert ("candles_2024_04", True) in state_of(aged).tables


def test_what_is_written_while_a_month_is_detached_is_proven_too(
    aged: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = msgspec.structs.replace(next(candles_of(APRIL))[5], revision=3)

    def write_then_detach(conn: psycopg.Connection, month_ms: int) -> None:
        with closing(WarmWriter(aged)) as writer:
            writer.write([late])
        detach_month(conn, month_ms)

    # The writer takes the month as made: it is the lifecycle that holds back who has to make it.
    monkeypatch.setattr("wickstream.store.warm.writer.Months.make", lambda *_: None)
    monkeypatch.setattr("wickstream.operate.lifecycle.warm_months.detach_month", write_then_detach)
    assert go(aged).passed
    found = candles_in(LakeReader(aged).candles(late.symbol, late.open_time, late.open_time, SCHEMA))
    assert found == [late]


def test_a_month_that_is_filled_again_goes_again(aged: Settings) -> None:
    go(aged)
    with closing(WarmWriter(aged)) as writer:
        for row in candles_of(APRIL[:1], SYMBOLS[:2]):
            writer.write(row)
    found = go(aged)
    assert outcomes(found) == {(KEPT, APRIL_MONTH): Outcome.DONE}
    assert all("2024_04" not in name for name, _ in state_of(aged).tables)


def test_without_postgres_the_lake_lets_go_of_old_trades_and_the_rest_is_told(aged: Settings) -> None:
    found = go(aged.model_copy(update={"postgres_port": 1}))
    assert not found.passed
    done = outcomes(found)
    assert done["cold trades kept for 30 days", "2024-04-01 to 2024-04-02"] is Outcome.DONE
    away = {step for (step, _), outcome in done.items() if outcome is Outcome.NOT_DONE}
    assert away >= {"cold candles in order", "warm candles in order", KEPT}
    assert go(aged).passed


def test_a_file_that_is_damaged_is_told_of_and_not_written_anew(aged: Settings) -> None:
    lake = trades_table(aged)
    table = lake.open()
    assert table is not None
    lake.notes.note(files_of(table), version=table.version())
    (file, *_) = [file for file in files_of(table) if file.partition == "2024-08-08"]
    path = Path(aged.lake_url.removeprefix("file:")) / "trades" / file.path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    found = go(aged)
    (failed,) = [one for one in found.done if one.outcome is Outcome.FAILED]
    assert (failed.step, failed.subject) == ("cold trades in order", "2024-08-08")
    assert file.path in failed.faults[0].what


def test_without_the_lake_nothing_is_dropped_and_the_rest_is_done(aged: Settings) -> None:
    before = state_of(aged)
    found = go(aged.model_copy(update={"cold_url": "s3://nobody/lake", "minio_endpoint": "127.0.0.1:1"}))
    assert not found.passed
    done = outcomes(found)
    assert done["warm candles in order", "2024-08-08"] is Outcome.DONE
    assert done[KEPT, APRIL_MONTH] is Outcome.NOT_DONE
    assert state_of(aged).warm == before.warm


def test_while_one_is_at_work_a_second_does_not_begin(aged: Settings) -> None:
    seen: list[str] = []

    def begin_another(*_: object) -> None:
        if not seen:
            with pytest.raises(AtWork, match="another lifecycle") as caught:
                go(aged)
            seen.append(str(caught.value))

    assert run(aged, dry_run=True, progress=begin_another, tell=lambda _: None).passed
    assert seen
