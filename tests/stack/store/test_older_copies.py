"""A store that was lost and comes back as it once was, or empty: Kafka has what it lacks."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.candles import MIDNIGHT_MS
from tests.conftest import new_database
from tests.emptied_topics import empty_topics
from tests.id_hash import id_hash
from tests.running import wait_until
from tests.tier_contents import read_cold
from tests.writing import grown, publish, writing
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import FEED_GAPS, MINUTE_MARKS, PROCESSED_AGGS, create_topics
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark
from wickstream.store.tiers import Cold, Warm
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.migrations import migrate

pytestmark = pytest.mark.stack

TABLES = ("candles", "candle_revisions", "marks", "gaps", "offsets")


@pytest.fixture
def bus(kafka: str, stores: Settings) -> Settings:
    """Settings of the stores and a broker with our topics, which are empty."""
    create_topics(kafka)
    empty_topics(kafka)
    return stores.model_copy(update={"kafka_bootstrap_servers": kafka})


def mark(symbol: str, number: int) -> Mark:
    first = number * 10
    ids = range(first, first + 10)
    return Mark(
        symbol, MIDNIGHT_MS + number * MINUTE_MS, first, first + 9, 10, sum(ids), id_hash(ids), Decimal(1), first + 10
    )


def gap(symbol: str, status: GapStatus, at: int) -> Gap:
    return Gap(symbol, 5, 6, None, at, status, None, None)


def publish_minutes(settings: Settings, symbol: str, count: int) -> None:
    publish(settings, PROCESSED_AGGS, grown(symbol, count))
    publish(settings, MINUTE_MARKS, [mark(symbol, number) for number in range(count)])


def rows(settings: Settings) -> dict[str, list[tuple[str]]]:
    with psycopg.connect(conninfo(settings)) as conn:
        texts = {
            name: sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(name)) for name in TABLES
        }
        return {name: conn.execute(text).fetchall() for name, text in texts.items()}


def wait_until_stored(settings: Settings, *, minutes: int, status: GapStatus) -> dict[str, list[tuple[str]]]:
    def is_stored() -> bool:
        with psycopg.connect(conninfo(settings)) as conn:
            found = conn.execute(
                "SELECT (SELECT count(*) FROM candles WHERE closed), (SELECT count(*) FROM marks),"
                " (SELECT max(status) FROM gaps)"
            ).fetchone()
        return found == (minutes, minutes, str(status))

    wait_until(is_stored, what=f"{minutes} minutes in PostgreSQL")
    return rows(settings)


@contextmanager
def as_it_is_now(settings: Settings) -> Iterator[Settings]:
    """A copy of the database, as a backup of this moment is."""
    name = f"older_{uuid.uuid4().hex[:12]}"
    copied, of = sql.Identifier(name), sql.Identifier(settings.postgres_db)
    with psycopg.connect(conninfo(settings.model_copy(update={"postgres_db": "postgres"})), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copied, of))
        yield settings.model_copy(update={"postgres_db": name})
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(copied))


def test_an_older_postgresql_takes_from_kafka_what_it_lacks_whatever_the_group_says(bus: Settings, symbol: str) -> None:
    with writing(bus, tiers=(Warm,), with_sinks=False):
        publish_minutes(bus, symbol, 10)
        publish(bus, FEED_GAPS, [gap(symbol, GapStatus.OPEN, 1)])
        wait_until_stored(bus, minutes=10, status=GapStatus.OPEN)
    with as_it_is_now(bus) as older:
        with writing(bus, tiers=(Warm,), with_sinks=False):
            publish_minutes(bus, symbol, 30)
            publish(bus, FEED_GAPS, [gap(symbol, GapStatus.REPAIRED, 2)])
            lost = wait_until_stored(bus, minutes=30, status=GapStatus.REPAIRED)

        with writing(older, tiers=(Warm,), with_sinks=False):
            wait_until_stored(older, minutes=30, status=GapStatus.REPAIRED)
            wait_until(lambda: rows(older) == lost, what="the rows that were lost")


def test_an_empty_postgresql_takes_all_that_kafka_has(bus: Settings, symbol: str) -> None:
    with writing(bus, tiers=(Warm,), with_sinks=False):
        publish_minutes(bus, symbol, 10)
        publish(bus, FEED_GAPS, [gap(symbol, GapStatus.OPEN, 1)])
        lost = wait_until_stored(bus, minutes=10, status=GapStatus.OPEN)

    with new_database(bus) as empty:
        migrate(empty)
        with writing(empty, tiers=(Warm,), with_sinks=False):
            wait_until(lambda: rows(empty) == lost, what="the rows that were lost")


def test_the_place_behind_what_is_no_record_of_ours_is_stored_too(bus: Settings) -> None:
    place_after = (
        "SELECT max(next_offset) FROM offsets WHERE name LIKE 'write-warm/processed_aggs/%' AND name !~ 'topic$'"
    )
    with closing(psycopg.connect(conninfo(bus), autocommit=True)) as conn:
        before = conn.execute(place_after).fetchone()
        with writing(bus, tiers=(Warm,), with_sinks=False):
            producer = IdempotentProducer(bus.kafka)
            producer.publish(Record(PROCESSED_AGGS, "X", b"no candle"))
            producer.flush()
            wait_until(lambda: conn.execute(place_after).fetchone() != before, what="the offset behind it stored")


def test_an_older_lake_takes_from_kafka_what_it_lacks(bus: Settings, symbol: str, tmp_path: Path) -> None:
    with writing(bus, tiers=(Cold,), with_sinks=False):
        publish(bus, PROCESSED_AGGS, grown(symbol, 10))
        wait_until(lambda: len(read_cold(bus, symbol)) == 10, what="ten minutes in the lake")
        # While it is written to: the log first, so that no file it names is missing.
        lake, copy = tmp_path / "lake", tmp_path / "copy"
        for table in lake.iterdir():
            shutil.copytree(table / "_delta_log", copy / table.name / "_delta_log")
            shutil.copytree(table, copy / table.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("_delta_log"))
        publish(bus, PROCESSED_AGGS, grown(symbol, 30))
        wait_until(lambda: len(read_cold(bus, symbol)) == 30, what="thirty minutes in the lake")
        lost = read_cold(bus, symbol)

    older = bus.model_copy(update={"cold_url": f"file:{copy}"})
    assert len(read_cold(older, symbol)) == 10
    with writing(older, tiers=(Cold,), with_sinks=False):
        wait_until(lambda: read_cold(older, symbol) == lost, what="the rows that were lost")
