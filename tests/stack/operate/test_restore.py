"""A hundred damages in all tiers: one proof names each, one repair mends all (R21 of docs/design.md's reliability)."""

import random
import shutil
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import deltalake
import polars as pl
import psycopg
import pytest

from tests.emptied_topics import empty_topics
from tests.harms import FILES, flip, hundred_harms, is_named, lake_files
from tests.proven_candles import mark_of
from tests.running import wait_until
from tests.stored_trades import Market, made_market, store_markets
from tests.tier_contents import read_hour
from wickstream.bus.topics import create_topics
from wickstream.candle import EXCHANGE_FIELDS
from wickstream.config import Settings, child_environment
from wickstream.operate.proof.damage import Damage
from wickstream.operate.restore import restore
from wickstream.operate.restoring.lost_files import LostFiles
from wickstream.operate.validation import tally
from wickstream.operate.validation.evidence import Report
from wickstream.operate.verify import verify
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.series.frames import SCHEMA, frame_of
from wickstream.store.series.ranges import RangeReader
from wickstream.store.warm.audit_reads import AuditReader
from wickstream.store.warm.bulk import BulkReader
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

SEED = 21
SPAN = (0, 2**53)
FACTS = (*EXCHANGE_FIELDS, "first_trade_id", "last_trade_id", "closed")


@pytest.fixture
def stores(
    database: Settings, redis: Settings, kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """All tiers, topics without records, and an exchange that is away."""
    monkeypatch.setattr(tally, "SHOWN", 10_000)
    create_topics(kafka)
    empty_topics(kafka)
    own: dict[str, Any] = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    own |= {f"exchange_{name}_url": "http://127.0.0.1:9" for name in ("rest", "trades", "archive")}
    own |= {"cold_url": f"file:{tmp_path / 'lake'}", "kafka_bootstrap_servers": kafka}
    return database.model_copy(update=own)


def made_markets(count: int) -> list[Market]:
    prefix = uuid.uuid4().hex[:6].upper()
    return [made_market(f"R{prefix}{number}USDT", seed=SEED + number) for number in range(count)]


def proof(settings: Settings, *, fast: bool = False) -> tuple[Report, Damage]:
    with closing(RangeReader(settings)) as reader:
        symbols = reader.symbols()
    return verify(settings, symbols, start_ms=SPAN[0], end_ms=SPAN[1], fast=fast, tell=lambda _: None)


def mended(settings: Settings, damage: Damage) -> list[str]:
    with closing(RangeReader(settings)) as reader:
        symbols = reader.symbols()
    return restore(settings, symbols, damage, span=SPAN, tell=lambda _: None)


def wait_until_noted(settings: Settings) -> None:
    files = sum(len(lake_files(settings, table)) for table in FILES)

    def is_noted() -> bool:
        with psycopg.connect(conninfo(settings)) as conn:
            return conn.execute("SELECT count(*) FROM lake_files").fetchone() == (files,)

    wait_until(is_noted, what="the lake's files noted")


def contents(settings: Settings, markets: list[Market]) -> dict[str, Any]:
    """All that is stored of these, without what a higher revision changes."""
    found: dict[str, Any] = {}
    with closing(BulkReader(settings)) as warm:
        lake = LakeReader(settings)
        for market in markets:
            of = market.symbol
            frames = {
                "warm": warm.candles(of, *SPAN, SCHEMA),
                "cold": lake.candles(of, *SPAN, SCHEMA),
                "hot": frame_of(list(read_hour(settings, of).between(*SPAN))),
                "trades": lake.trades(of, *SPAN),
            }
            found |= {f"{tier} {of}": _digest(frame) for tier, frame in frames.items()}
    with AuditReader.open(settings) as reader:
        found["warm alerts"] = reader.alerts(*SPAN)
    found["cold alerts"] = ColdAlerts(settings).read(*SPAN)
    return found


def _digest(rows: pl.DataFrame) -> tuple[int, int]:
    names = [name for name in FACTS if name in rows.columns] or rows.columns
    return rows.height, int(rows.select(names).hash_rows().sum())


def test_a_hundred_damages_are_found_by_one_proof_and_mended_by_one_repair(stores: Settings) -> None:
    markets, dice = made_markets(10), random.Random(SEED)
    store_markets(stores, markets)
    wait_until_noted(stores)
    before = contents(stores, markets)
    assert proof(stores)[0].passed
    harms = hundred_harms(stores, markets, dice)
    assert len(harms) == 100
    for harm in harms:
        harm.do()

    found, damage = proof(stores)

    assert [harm for harm in harms if not is_named(harm, found)] == []
    assert mended(stores, damage) == []
    after, left = proof(stores)
    assert [check for check in after.checks if not check.passed] == []
    assert left.is_none
    assert contents(stores, markets) == before
    assert proof(stores, fast=True)[0].passed


def test_a_repair_that_was_cut_off_after_files_were_set_aside_goes_on_from_there(stores: Settings) -> None:
    markets, dice = made_markets(3), random.Random(SEED)
    store_markets(stores, markets)
    wait_until_noted(stores)
    before = contents(stores, markets)
    for table in FILES:
        flip(lake_files(stores, table)[0], dice)
    LostFiles(stores).set_aside(proof(stores)[1].files)

    found, damage = proof(stores)

    told = [fault.what for check in found.checks for fault in check.faults if check.check == "files"]
    assert [what.partition("/")[0] for what in told if "was set aside" in what] == list(FILES)
    assert mended(stores, damage) == []
    assert proof(stores)[0].passed
    assert contents(stores, markets) == before
    aside = Path(stores.lake_url.removeprefix("file:")).glob("*/_set_aside/*=*/*.parquet")
    assert sorted(file.parts[-4] for file in aside) == sorted(FILES)


def test_without_trades_the_tier_that_is_consistent_or_proven_is_right(stores: Settings) -> None:
    (market,) = made_markets(1)
    store_markets(stores, [market], to_kafka=False)
    wait_until_noted(stores)
    before = contents(stores, [market])
    with psycopg.connect(conninfo(stores), autocommit=True) as conn:
        conn.execute("UPDATE candles SET low = low - 1 WHERE open_time = %s", (market.candles[50].open_time,))
        conn.execute("UPDATE candles SET high = low WHERE open_time = %s", (market.candles[60].open_time,))
        conn.execute("DELETE FROM candles WHERE open_time = %s", (market.candles[70].open_time,))
    shutil.rmtree(Path(stores.lake_url.removeprefix("file:")) / "trades")
    with psycopg.connect(conninfo(stores), autocommit=True) as conn:
        conn.execute("DELETE FROM lake_files WHERE table_name = 'trades'")

    assert mended(stores, proof(stores)[1]) == []

    assert proof(stores)[0].passed
    after = contents(stores, [market])
    assert {name: what for name, what in after.items() if not name.startswith("trades")} == {
        name: what for name, what in before.items() if not name.startswith("trades")
    }


def test_an_edited_mark_is_written_anew_from_a_candle_that_chains_and_a_lost_candle_of_a_mark_comes_back(
    stores: Settings,
) -> None:
    (market,) = made_markets(1)
    store_markets(stores, [market])
    with closing(WarmWriter(stores)) as warm:
        warm.write([], [mark_of(candle) for candle in market.candles])
    wait_until_noted(stores)
    before = marks_of(stores)
    assert proof(stores)[0].passed
    edited, last = market.candles[50], market.candles[-1]
    with psycopg.connect(conninfo(stores), autocommit=True) as conn:
        conn.execute("UPDATE marks SET id_hash = id_hash + 1 WHERE open_time = %s", (edited.open_time,))
        conn.execute("UPDATE marks SET first_trade_id = 1 WHERE open_time = %s", (market.candles[60].open_time,))
        conn.execute("DELETE FROM candles WHERE open_time = %s", (last.open_time,))
    deltalake.DeltaTable(stores.lake_url.removeprefix("file:") + "/candles").delete(f"open_time = {last.open_time}")

    assert mended(stores, proof(stores)[1]) == []

    assert [check for check in proof(stores)[0].checks if not check.passed] == []
    assert marks_of(stores) == before
    with closing(BulkReader(stores)) as warm:
        assert last.open_time in warm.candles(market.symbol, *SPAN, SCHEMA)["open_time"]


def marks_of(settings: Settings) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo(settings)) as conn:
        return conn.execute("SELECT marks::text FROM marks ORDER BY symbol, open_time").fetchall()


def test_the_command_mends_and_says_so(stores: Settings) -> None:
    (market,) = made_markets(1)
    store_markets(stores, [market])
    wait_until_noted(stores)
    with psycopg.connect(conninfo(stores), autocommit=True) as conn:
        conn.execute("UPDATE candles SET high = high + 1 WHERE open_time = %s", (market.candles[51].open_time,))

    found = wickstream(stores, "verify")
    assert (found.returncode, "wickstream verify --repair" in found.stdout) == (1, True)
    done = wickstream(stores, "verify", "--repair")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 published anew" in done.stdout
    assert done.stdout.index("# Proof: FAILED") < done.stdout.index("# Proof: passed")


def wickstream(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "wickstream", *arguments],
        env=child_environment(settings),
        cwd=settings.data_dir,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
