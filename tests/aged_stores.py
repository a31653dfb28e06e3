"""Stores as they are after months without a lifecycle: every day of it in pieces, and some of it old."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl
import psycopg
from deltalake import DeltaTable
from psycopg import sql

from tests.alerts import price_spike, whale
from tests.candles import MIDNIGHT_MS, minute
from tests.raw_trades import trade_value
from wickstream.binance.frames import parse_trade
from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Alert, Mark
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.lake import storage_options
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.cold.upkeep import Upkeep
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

DAY_MINUTES = 1_440
DAY_MS = DAY_MINUTES * MINUTE_MS

EIGHT_MS = DAY_MS // 3

SYMBOLS = tuple(f"A{number:02}USDT" for number in range(16))
APRIL = (-130, -129)  # days from 2024-08-09 on: 1 and 2 April, which end more than 90 days before it
JULY = (-20,)
AUGUST = (-1, 0)  # the last of them goes on
QUARTERS = tuple(60 * hour + quarter for hour in (2, 8) for quarter in range(15))


def candles_of(days: tuple[int, ...], symbols: tuple[str, ...] = SYMBOLS, **fields: object) -> Iterator[list[Candle]]:
    """Minute by minute over all symbols, as they come."""
    for day in days:
        for at in QUARTERS:
            yield [minute(symbol, day * DAY_MINUTES + at, **fields) for symbol in symbols]


def fill_warm(settings: Settings) -> None:
    """Candles and marks of April, July and August; a revision and alerts of April."""
    writer = WarmWriter(settings)
    for row in candles_of((*APRIL, *JULY, *AUGUST)):
        writer.write(row, [_mark(candle) for candle in row])
    first = next(candles_of(APRIL))[0]
    writer.write([msgspec.structs.replace(first, revision=1, published_at=first.published_at + 9)])
    writer.write([], alerts=alerts())
    writer.close()


def fill_cold(settings: Settings) -> None:
    """The same but for some of April: a symbol is missing, another stops early, a third has an older version."""
    table = ColdCandles(settings)
    for day in (*JULY, *AUGUST):
        table.store([candle for row in candles_of((day,)) for candle in row], {"write-cold/a/0": 1_000 + day})
    april = [candle for row in candles_of(APRIL, SYMBOLS[1:]) for candle in row]
    kept = [candle for candle in april if candle.symbol != SYMBOLS[1] or candle.open_time % DAY_MS < EIGHT_MS]
    table.store([_older(candle) if candle.symbol == SYMBOLS[2] else candle for candle in kept], {})
    ColdAlerts(settings).store(alerts()[::2], {"write-alerts/a/0": 7})
    archive = TradesArchive(settings)
    for number, day in enumerate((*APRIL, *AUGUST) * 2):
        trades = [
            parse_trade(trade_value(50 * number + n, symbol, at=MIDNIGHT_MS + day * DAY_MS + n))
            for symbol in SYMBOLS[:2]
            for n in range(50)
        ]
        for symbol in SYMBOLS[:2]:
            archive.add(symbol, [trade for trade in trades if trade.symbol == symbol])


def alerts() -> list[Alert]:
    """Of April and of August."""
    old = [whale(number, at=MIDNIGHT_MS + APRIL[0] * DAY_MS + number) for number in range(20)]
    return [*old, price_spike(at=MIDNIGHT_MS + APRIL[1] * DAY_MS, revision=2), whale(99, at=MIDNIGHT_MS)]


def _mark(candle: Candle) -> Mark:
    first, last = candle.first_trade_id or 0, candle.last_trade_id or 0
    ids = range(first, last + 1)
    return Mark(candle.symbol, candle.open_time, first, last, len(ids), sum(ids), 0, candle.close, last + 1)


def _older(candle: Candle) -> Candle:
    return msgspec.structs.replace(candle, origin=Origin.EXCHANGE)


@dataclass(frozen=True)
class State:
    """All that a lifecycle may change, so that two can be compared.

    Attributes:
        warm: rows by table, of all that is there.
        tables: names of the warm tier's partitions, and of those that are none any more.
        cold: rows by table, in order.
        parts: of each part of the lake: how many files, and whether it is in order.
    """

    warm: dict[str, list[tuple[object, ...]]]
    tables: list[tuple[str, bool]]
    cold: dict[str, list[tuple[object, ...]]]
    parts: dict[str, list[tuple[str, int, bool]]]


def state_of(settings: Settings) -> State:
    """As it is now."""
    with psycopg.connect(conninfo(settings)) as conn:
        warm = {
            table: sorted(conn.execute(f"SELECT {table}::text FROM {table}").fetchall())  # noqa: S608
            for table in ("candles", "candle_revisions", "marks", "alerts", "unproven", "gaps")
        }
        tables = conn.execute(
            "SELECT relname, relispartition FROM pg_class WHERE relkind = 'r' AND relname ~ '_2024_' ORDER BY relname"
        ).fetchall()
    upkeep = {"candles": Upkeep.of_candles, "trades": Upkeep.of_trades, "alerts": Upkeep.of_alerts}
    return State(
        warm=warm,
        tables=[(name, is_attached) for name, is_attached in tables],
        cold={table: rows_of(settings, table) for table in upkeep},
        parts={
            table: [(part.value, part.files, part.is_in_order) for part in make(settings).parts()]
            for table, make in upkeep.items()
        },
    )


def rows_of(settings: Settings, table: str) -> list[tuple[object, ...]]:
    """All of a table of the lake, in order."""
    url = f"{settings.lake_url.removeprefix('file:')}/{table}"
    lake = pl.scan_delta(DeltaTable(url, storage_options=storage_options(settings)))
    return sorted(lake.collect().rows(), key=str)


@contextmanager
def copied(template: Settings, postgres: Settings, folder: Path) -> Iterator[Settings]:
    """The same stores once more, for the time of the block."""
    name = f"aged_{uuid.uuid4().hex[:12]}"
    shutil.copytree(template.lake_url.removeprefix("file:"), folder / "lake")
    with psycopg.connect(conninfo(postgres), autocommit=True) as conn:
        names = {"copy": sql.Identifier(name), "template": sql.Identifier(template.postgres_db)}
        while not _is_made(conn, sql.SQL("CREATE DATABASE {copy} TEMPLATE {template}").format(**names)):
            continue
        yield template.model_copy(update={"postgres_db": name, "cold_url": f"file:{folder / 'lake'}"})
        conn.execute(sql.SQL("DROP DATABASE {copy} WITH (FORCE)").format(**names))


def _is_made(conn: psycopg.Connection, statement: sql.Composed) -> bool:
    """Not while those who filled the lake still note its files in the database that is copied."""
    try:
        conn.execute(statement)
    except psycopg.errors.ObjectInUse:
        return False
    return True
