"""The proof: silent where all is right, and naming each row where it is not."""

import json
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString

import deltalake
import psycopg
import pytest
from typer.testing import CliRunner

from tests.candles import minute
from tests.emptied_topics import empty_topics
from tests.proven_candles import FAST, LAST, WHOLE, Damage, at, faults, in_postgres, mark_of
from wickstream.bus.topics import create_topics
from wickstream.cli import app
from wickstream.config import Settings, child_environment
from wickstream.errors import Mistake
from wickstream.events import Alert, AlertType
from wickstream.operate.proof.klines import FiledKlines
from wickstream.rendering import rendered
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.hot.hour import closed_key, open_client
from wickstream.store.series.formats import as_csv
from wickstream.store.series.frames import frame_of
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack


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


def test_the_report_is_kept_for_who_asks_how_the_last_proof_ended(stored: Settings) -> None:
    passed = not any(faults(stored).values())
    with psycopg.connect(conninfo(stored)) as conn:
        newest = conn.execute("SELECT kind, passed FROM proofs ORDER BY ended_at DESC LIMIT 1").fetchall()
    assert newest == [("verify", passed)]


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


def test_a_mark_that_was_edited_is_named_and_what_its_candle_lacks_too(stored: Settings) -> None:
    (symbol,) = stored.ticker_symbols
    with closing(WarmWriter(stored)) as warm:
        warm.write([], [mark_of(minute(symbol, number)) for number in range(LAST)])
    assert faults(stored)["marks = warm"] == []
    in_postgres("UPDATE marks SET trade_count = trade_count - 1 WHERE open_time = %s", 30)(stored)
    in_postgres("DELETE FROM candles WHERE open_time = %s", 40)(stored)

    assert [opened for opened, _ in faults(stored)["marks = warm"]] == [at(30), at(40)]


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
