"""What docs/backup.md says of a cluster: a dump and a copied lake are caught up from Kafka."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import SettingsMaker
from tests.emptied_topics import empty_topics
from tests.older_postgres import older_postgres_spec
from tests.proven_candles import mark_of
from tests.running import Launcher, wait_until
from tests.stored_trades import Market, made_market, publish_trades
from tests.tier_contents import contents_of
from tests.writing import publish, writing
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import ALERTS, MINUTE_MARKS, PROCESSED_AGGS, create_topics
from wickstream.config import Settings
from wickstream.operate.servers.local import local_secrets
from wickstream.operate.verify import verify
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.warm.audit_reads import AuditReader
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.migrations import migrate

pytestmark = [pytest.mark.stack, pytest.mark.slow]

MAJOR = 15  # Debian's pg_dump refuses servers that are newer than itself
SPAN = (0, 2**53)


@pytest.fixture
def cluster(
    make_settings: SettingsMaker, launcher: Launcher, redis: Settings, kafka: str, tmp_path: Path
) -> Iterator[Settings]:
    """Servers with addresses of their own: empty topics, an empty database, an empty lake."""
    own = make_settings(tmp_path / "postgres-15")
    own = own.model_copy(
        update={"postgres_host": "127.0.0.1", "postgres_port": own.port("postgres"), "postgres_db": "postgres"}
        | {"postgres_password": local_secrets(own).postgres_password, "cold_url": f"file:{tmp_path / 'lake'}"}
        | {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
        | {"kafka_bootstrap_servers": kafka, "cold_commit_seconds": 0.2}
    )
    running = launcher.start(older_postgres_spec(own, MAJOR))
    create_topics(kafka)
    empty_topics(kafka)
    yield database_in(own, "wickstream")
    running.stop()


def database_in(settings: Settings, name: str) -> Settings:
    with psycopg.connect(conninfo(settings.model_copy(update={"postgres_db": "postgres"})), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return settings.model_copy(update={"postgres_db": name})


def tell(settings: Settings, markets: list[Market], minutes: slice) -> None:
    """Candles, marks and alerts of these minutes."""
    producer = IdempotentProducer(settings.kafka)
    for market in markets:
        candles = market.candles[minutes]
        publish(settings, PROCESSED_AGGS, candles)
        publish(settings, MINUTE_MARKS, [mark_of(candle) for candle in candles])
        for alert in market.alerts:
            if candles[0].open_time <= alert.at <= candles[-1].close_time:
                producer.publish(Record(ALERTS, alert.symbol, encode(alert)))
    producer.flush()


def stored(settings: Settings, markets: list[Market]) -> dict[str, Any]:
    """All that is stored of these, by hash."""
    symbols = [market.symbol for market in markets]
    trades = {of: LakeReader(settings).trades(of, *SPAN) for of in symbols}
    with AuditReader.open(settings) as reader, psycopg.connect(conninfo(settings)) as conn:
        return {
            **contents_of(settings, symbols),
            "trades": {of: (rows.height, int(rows.hash_rows().sum())) for of, rows in trades.items()},
            "alerts": (reader.alerts(*SPAN), ColdAlerts(settings).read(*SPAN)),
            "marks": conn.execute("SELECT marks::text FROM marks ORDER BY symbol, open_time").fetchall(),
        }


def is_whole(settings: Settings, markets: list[Market], minutes: int) -> bool:
    found = stored(settings, markets)
    alerts, archived = found["alerts"]
    wanted = [
        alert for market in markets for alert in market.alerts if alert.at < market.candles[minutes - 1].close_time
    ]
    return (
        (found["warm"].rows, found["cold"].rows, len(found["marks"])) == (minutes * len(markets),) * 3
        and all(rows == market.trades.height for market in markets for rows, _ in [found["trades"][market.symbol]])
        and len(alerts) == len(archived) == len(wanted)
    )


def postgres_tool(settings: Settings, program: str, *arguments: str) -> None:
    password = settings.postgres_password.get_secret_value() if settings.postgres_password else ""
    where = ("-h", "127.0.0.1", "-p", str(settings.postgres_port), "-U", settings.postgres_user)
    argv = [program, *where, "--dbname", settings.postgres_db, *arguments]
    done = subprocess.run(argv, env=os.environ | {"PGPASSWORD": password}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def copy_lake(lake: Path, to: Path) -> None:
    """The log of each table first, then all else."""
    for table in lake.iterdir():
        shutil.copytree(table / "_delta_log", to / table.name / "_delta_log")
        shutil.copytree(table, to / table.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("_delta_log"))


@pytest.mark.system_program("pg_dump")
def test_a_dump_and_a_copied_lake_taken_while_it_runs_become_what_was_lost(cluster: Settings, tmp_path: Path) -> None:
    prefix = uuid.uuid4().hex[:6].upper()
    markets = [made_market(f"B{prefix}{number}USDT", seed=number) for number in range(2)]
    migrate(cluster)
    with writing(cluster, with_sinks=False):
        publish_trades(cluster, markets)
        tell(cluster, markets, slice(0, 60))
        wait_until(lambda: is_whole(cluster, markets, 60), deadline_s=120, what="an hour stored")
        postgres_tool(cluster, "pg_dump", "-Fc", "--file", str(tmp_path / "postgres.dump"))
        copy_lake(tmp_path / "lake", tmp_path / "copy")
        tell(cluster, markets, slice(60, 120))
        wait_until(lambda: is_whole(cluster, markets, 120), deadline_s=120, what="two hours stored")
        lost = stored(cluster, markets)

    restored = database_in(cluster, "restored").model_copy(update={"cold_url": f"file:{tmp_path / 'copy'}"})
    postgres_tool(restored, "pg_restore", str(tmp_path / "postgres.dump"))
    migrate(restored)
    assert stored(restored, markets)["warm"].rows == 120
    with writing(restored, with_sinks=False):
        wait_until(lambda: stored(restored, markets) == lost, deadline_s=120, what="what was lost")
    symbols = [market.symbol for market in markets]
    report, damage = verify(restored, symbols, start_ms=SPAN[0], end_ms=SPAN[1], fast=False, tell=lambda _: None)
    assert [check for check in report.checks if not check.passed] == []
    assert damage.is_none
