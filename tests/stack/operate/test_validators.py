"""Validators over the real stores: what the writers left passes, and what was spoilt behind their back is found."""

import json
import subprocess
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.sample_market import MIDNIGHT_MS, a_candle
from wickstream.config import Settings, child_environment
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.operate.validation.evidence import SETTLED_MS, Report
from wickstream.operate.validation.markdown import markdown
from wickstream.operate.validation.tally import SHOWN
from wickstream.operate.validators import validate
from wickstream.store.hot.hour import open_client
from wickstream.store.lane.forming import LaneMinute
from wickstream.store.lane.live import CLOCK_KEY, Change, Clock, LiveWriter
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

MINUTES = 30
HALTED = 12


@pytest.fixture
def market(database: Settings, redis: Settings, tmp_path: Path) -> Settings:
    """Half an hour of one symbol, as the writers leave it, in stores whose newest minute is just due."""
    symbol = f"V{uuid.uuid4().hex[:8].upper()}USDT"
    redis_is = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    settings = database.model_copy(update=redis_is | {"ticker_symbols": (symbol,), "data_dir": tmp_path})
    minutes = [minute for minute in range(MINUTES) if minute != HALTED]
    candles = [a_candle(minute, symbol=symbol) for minute in minutes]
    # Ids go on over the halt.
    candles = [msgspec.structs.replace(c, first_trade_id=10 * i + 1, last_trade_id=10 * i + 10)
               for i, c in enumerate(candles)]  # fmt: skip
    warm = WarmWriter(settings)
    warm.write(candles, gaps=[Gap(symbol, None, None, at(HALTED), at(HALTED), GapStatus.HALTED)])
    warm.close()
    seen = tuple(LaneMinute(is_whole=True, candle=msgspec.structs.replace(c, closed=False)) for c in candles[-5:])
    tell_now(settings, Change(symbol, None, None, None, ended=seen))
    return settings


def at(minute: int) -> int:
    return MIDNIGHT_MS + minute * MINUTE_MS


def tell_now(settings: Settings, change: Change) -> None:
    with closing(open_client(settings)) as client:
        client.delete(CLOCK_KEY)  # of other tests
    lane = LiveWriter(settings)
    lane.write([change], Clock(at(MINUTES) + SETTLED_MS, time.time_ns() // 1_000_000, None))
    lane.close()


def judged(settings: Settings) -> Report:
    return validate(settings, settings.ticker_symbols, start_ms=None, end_ms=None)


def failed(report: Report) -> set[str]:
    assert report.passed == all(verdict.passed for verdict in report.checks)
    return {verdict.check for verdict in report.checks if not verdict.passed}


def spoil(settings: Settings, change: str, minute: int) -> None:
    with psycopg.connect(conninfo(settings)) as conn:
        conn.execute(f"{change} WHERE open_time = %s", (at(minute),))


def test_what_the_writers_left_passes(market: Settings) -> None:
    report = judged(market)
    assert failed(report) == set(), markdown(report)
    counts = {verdict.check: verdict.judged for verdict in report.checks}
    assert (counts["chain"], counts["completeness"] >= MINUTES, counts["agreement"]) == (MINUTES - 1, True, 5)
    assert "# Validation: passed" in markdown(report)


def test_the_report_is_kept_for_who_asks_how_the_last_run_ended(market: Settings) -> None:
    report = judged(market)
    with psycopg.connect(conninfo(market)) as conn:
        kept = conn.execute("SELECT kind, passed, report FROM proofs").fetchall()
    assert kept == [("validate", True, msgspec.json.decode(msgspec.json.encode(report)))]


def test_each_fault_is_found_and_told_with_its_row(market: Settings) -> None:
    spoil(market, "DELETE FROM candles", 20)
    spoil(market, "UPDATE candles SET high = 'NaN'", 3)
    spoil(market, "UPDATE candles SET close = 104", 5)
    spoil(market, "UPDATE candles SET volume = volume + 0.00000001, quote_volume = 404.5", MINUTES - 2)
    report = judged(market)
    assert failed(report) == {"schema", "chain", "sanity", "completeness", "agreement"}
    rows = {verdict.check: [fault.open_time for fault in verdict.faults] for verdict in report.checks}
    assert rows["schema"] == [at(3)]
    assert rows["chain"] == [at(21)]
    assert rows["sanity"] == [at(5)]
    assert rows["completeness"] == [at(20)]
    assert rows["agreement"] == [at(MINUTES - 2)]
    assert "2024-08-09 00:20:00: no candle" in markdown(report)


def test_of_many_faults_some_are_shown_and_all_are_counted(market: Settings) -> None:
    with psycopg.connect(conninfo(market)) as conn:
        conn.execute("UPDATE candles SET closed = false WHERE open_time > %s", (at(0),))
    verdict = next(verdict for verdict in judged(market).checks if verdict.check == "completeness")
    assert (verdict.found, len(verdict.faults)) == (MINUTES - 2, SHOWN)


def test_a_table_without_a_column_fails_the_schema(market: Settings) -> None:
    with psycopg.connect(conninfo(market)) as conn:
        conn.execute("ALTER TABLE marks RENAME COLUMN close TO closing")
        conn.execute("ALTER TABLE gaps ALTER COLUMN detected_at TYPE text")
    schema = next(verdict for verdict in judged(market).checks if verdict.check == "schema")
    assert [fault.what for fault in schema.faults] == ["marks has no column close", "gaps.detected_at is of type text"]


def test_the_command_writes_the_report_and_its_exit_code_tells(market: Settings, tmp_path: Path) -> None:
    spoil(market, "DELETE FROM candles", 20)
    report = tmp_path / "report.md"
    command = [sys.executable, "-m", "wickstream", "validate", "--json", f"--report={report}"]
    command += ["--symbols", market.ticker_symbols[0], "--start", "2024-08-09"]
    done = subprocess.run(command, env=child_environment(market), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert [check["check"] for check in told["checks"] if not check["passed"]] == ["chain", "completeness"]
    assert "# Validation: FAILED" in report.read_text("utf-8")
