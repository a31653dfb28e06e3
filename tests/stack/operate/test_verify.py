"""The proof: silent where all is right, and naming each row where it is not."""

import json
import uuid
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString

import deltalake
import psycopg
import pytest
from typer.testing import CliRunner

from tests.candles import MIDNIGHT_MS, minute
from tests.emptied_topics import empty_topics
from tests.running import wait_until
from wickstream.bus.topics import create_topics
from wickstream.cli import app
from wickstream.config import Settings, child_environment
from wickstream.errors import Mistake
from wickstream.events import MINUTE_MS, Alert, AlertType
from wickstream.operate.proof.klines import FiledKlines
from wickstream.operate.verify import verify
from wickstream.rendering import rendered
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import HotWriter, closed_key, open_client
from wickstream.store.series.formats import as_csv
from wickstream.store.series.frames import frame_of
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.lake_files import noted_files
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

LAST = 120
WHOLE = ("files", "chain in warm", "chain in cold", "warm = cold", "hot = warm", "alerts: warm = cold")
FAST = ("chain in warm", "chain in cold", "count in warm = in cold")
Damage = Callable[[Settings], None]


@pytest.fixture
def stored(database: Settings, redis: Settings, tmp_path: Path) -> Settings:
    """Two hours of a symbol in three tiers."""
    symbol = f"V{uuid.uuid4().hex[:8].upper()}USDT"
    own: dict[str, Any] = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    own |= {"cold_url": f"file:{tmp_path / 'lake'}", "ticker_symbols": (symbol,)}
    settings = database.model_copy(update=own)
    rows = [minute(symbol, number) for number in range(LAST)]
    with closing(WarmWriter(settings)) as warm, closing(HotWriter(settings)) as hot:
        warm.write(rows)
        hot.write(rows)
    ColdCandles(settings).store(rows, {})
    return settings


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


def faults(settings: Settings, **options: Any) -> dict[str, list[tuple[int | None, str]]]:
    """What each check found."""
    report, _ = verify(settings, settings.ticker_symbols, start_ms=0, end_ms=2**53, tell=lambda _: None, **options)
    assert report.passed == all(check.passed for check in report.checks)
    return {check.check: [(fault.open_time, fault.what) for fault in check.faults] for check in report.checks}


def in_postgres(statement: LiteralString, number: int) -> Damage:
    def damage(settings: Settings) -> None:
        with psycopg.connect(conninfo(settings), autocommit=True) as conn:
            conn.execute(statement, (at(number),))

    return damage


def in_redis(settings: Settings) -> None:
    symbol = settings.ticker_symbols[0]
    with closing(open_client(settings)) as client:
        held: Any = client.get(closed_key(symbol))
        was, made = (rendered(minute(symbol, 100, trade_count=count)) for count in (10, 9))
        assert was in held
        client.set(closed_key(symbol), held.replace(was, made), ex=3_600)


def in_the_lake(predicate: str, updates: dict[str, str] | None) -> Damage:
    def damage(settings: Settings) -> None:
        table = deltalake.DeltaTable(settings.lake_url.removeprefix("file:") + "/candles")
        if updates is None:
            table.delete(predicate)
        else:
            table.update(updates, predicate=predicate)

    return damage


def test_what_is_right_passes_in_every_tier(stored: Settings) -> None:
    assert faults(stored) == {check: [] for check in WHOLE}
    assert faults(stored, fast=True) == {check: [] for check in FAST}


@pytest.mark.parametrize(
    ("damage", "check", "minute_at"),
    [
        pytest.param(in_postgres("UPDATE candles SET close = close + 0.01 WHERE open_time = %s", 50),
                     "warm = cold", 50, id="an edited price in PostgreSQL"),
        pytest.param(in_postgres("UPDATE candles SET first_trade_id = first_trade_id - 1 WHERE open_time = %s", 50),
                     "chain in warm", 50, id="an edited id in PostgreSQL"),
        pytest.param(in_postgres("DELETE FROM candles WHERE open_time = %s", 50),
                     "chain in warm", 51, id="a deleted row in PostgreSQL"),
        pytest.param(in_postgres("DELETE FROM candles WHERE open_time = %s", LAST - 1),
                     "warm = cold", LAST - 1, id="the last row deleted in PostgreSQL"),
        pytest.param(in_postgres("UPDATE candles SET volume = 'NaN' WHERE open_time = %s", 50),
                     "chain in warm", 50, id="an amount that is none in PostgreSQL"),
        pytest.param(in_postgres("UPDATE candles SET published_at = 1 WHERE open_time = %s", 50),
                     "warm = cold", 50, id="another time of publishing in PostgreSQL"),
        pytest.param(in_postgres("DELETE FROM candles WHERE open_time > %s - 1000000000000", 0),
                     "warm = cold", 5, id="all of a symbol deleted in PostgreSQL"),
        pytest.param(in_redis, "hot = warm", 100, id="an edited row in Redis"),
        pytest.param(in_the_lake(f"open_time = {at(50)}", {"high": "high + 1"}),
                     "warm = cold", 50, id="an edited price in the lake"),
        pytest.param(in_the_lake(f"open_time = {at(50)}", None), "chain in cold", 51, id="a deleted row in the lake"),
        pytest.param(in_the_lake(f"open_time = {at(0)}", None),
                     "warm = cold", 0, id="the first row gone from the lake"),
        pytest.param(in_the_lake("true", None), "warm = cold", 5, id="all of a symbol gone from the lake"),
    ],
)  # fmt: skip
def test_a_single_damaged_row_is_found_and_named(stored: Settings, damage: Damage, check: str, minute_at: int) -> None:
    damage(stored)
    assert at(minute_at) in {opened for opened, _ in faults(stored)[check]}


@pytest.mark.parametrize("number", [0, 37, LAST - 1])
@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM candles WHERE open_time = %s",
        "UPDATE candles SET first_trade_id = first_trade_id - 1 WHERE open_time = %s",
        "UPDATE candles SET first_trade_id = first_trade_id + 1, last_trade_id = last_trade_id + 1"
        " WHERE open_time = %s",
        "UPDATE candles SET trade_count = trade_count - 1 WHERE open_time = %s",
        "UPDATE candles SET closed = false WHERE open_time = %s",
    ],
)
def test_what_breaks_chain_or_count_is_found_fast(stored: Settings, damage: LiteralString, number: int) -> None:
    in_postgres(damage, number)(stored)
    found = faults(stored, fast=True)
    assert found.pop("chain in cold") == []
    assert found["count in warm = in cold"] or found["chain in warm"]
    if 0 < number < LAST - 1:
        assert {at(number), at(number + 1)} & {opened for opened, _ in found["chain in warm"]}


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


def test_an_alert_that_differs_or_lacks_in_one_tier_is_named(stored: Settings, kafka: str) -> None:
    create_topics(kafka)
    empty_topics(kafka)
    stored = stored.model_copy(update={"kafka_bootstrap_servers": kafka})
    alerts = [whale(stored.ticker_symbols[0], number) for number in range(4)]
    with closing(WarmWriter(stored)) as warm:
        warm.write([], alerts=alerts[:3])
    ColdAlerts(stored).store([alerts[number] for number in (0, 1, 3)], {})
    with psycopg.connect(conninfo(stored), autocommit=True) as conn:
        conn.execute("UPDATE alerts SET value = value + 1 WHERE alert_id = %s", (alerts[0].alert_id,))

    found = [what for _, what in faults(stored)["alerts: warm = cold"]]

    assert found == [
        f"{alerts[0].alert_id}: value 200001 in warm, 200000.00000000 in cold",
        f"{alerts[2].alert_id}: is not in cold",
        f"{alerts[3].alert_id}: is not in warm",
    ]


def whale(symbol: str, number: int) -> Alert:
    values = {
        "value": Decimal(200_000),
        "threshold": Decimal(100_000),
        "facts": {"price": "61837.63", "trade_id": number},
    }
    told = {"late": False, "final": True, "revision": 0, "trade_count": 1}
    return Alert(f"whale:{symbol}:{number}", AlertType.WHALE, symbol, at(number), **values | told)  # type: ignore[arg-type]


def test_what_is_on_its_way_to_the_next_tier_is_no_fault(stored: Settings) -> None:
    import time

    symbol = stored.ticker_symbols[0]
    with closing(WarmWriter(stored)) as warm:
        warm.write([minute(symbol, LAST, published_at=time.time_ns() // 1_000_000)])
    assert not any(faults(stored).values())


def test_a_tier_that_is_away_is_a_fault(stored: Settings) -> None:
    found = faults(stored.model_copy(update={"postgres_port": 1}))
    assert {what.partition(":")[0] for _, what in found["chain in warm"]} == {"PostgreSQL"}


def test_klines_of_a_file_are_held_against_the_candles(stored: Settings, tmp_path: Path) -> None:
    symbol, file = stored.ticker_symbols[0], tmp_path / "klines.csv"
    rows = [minute(symbol, number) for number in range(LAST)]
    file.write_bytes(as_csv(frame_of(rows)))
    assert faults(stored, against=FiledKlines(file, symbol=None))["exchange"] == []
    file.write_bytes(as_csv(frame_of([*rows[:7], minute(symbol, 7, trade_count=11), *rows[8:]])))
    found = faults(stored, against=FiledKlines(file, symbol=None))["exchange"]
    assert found == [(at(7), "trade_count 10 in ours, 11 in the exchange's")]
    file.write_text("a,b\n1,2\n")
    with pytest.raises(Mistake, match="no column close, "):
        FiledKlines(file, symbol=None)


def test_a_daily_file_of_the_exchange_needs_no_names_and_may_be_in_microseconds(
    stored: Settings, tmp_path: Path
) -> None:
    symbol, file = stored.ticker_symbols[0], tmp_path / "daily.csv"
    lines = [
        f"{row.open_time}000,{row.open},{row.high},{row.low},{row.close},{row.volume},{row.close_time}999,"
        f"{row.quote_volume},{row.trade_count},{row.taker_buy_volume},{row.taker_buy_quote_volume},0\n"
        for row in (minute(symbol, number) for number in range(LAST))
    ]
    file.write_text("".join(lines))
    assert faults(stored, against=FiledKlines(file, symbol=symbol))["exchange"] == []


def test_the_command_ends_with_1_and_names_what_is_wrong(stored: Settings) -> None:
    runner, environment = CliRunner(), child_environment(stored)
    whole = runner.invoke(app, ["verify"], env=environment)
    assert whole.exit_code == 0, whole.output
    assert "# Proof: passed" in whole.stdout
    in_redis(stored)
    found = runner.invoke(app, ["verify", "--json"], env=environment)
    assert found.exit_code == 1
    told = {check["check"]: check["found"] for check in json.loads(found.stdout)["checks"]}
    assert told == dict.fromkeys(WHOLE, 0) | {"hot = warm": 2}
