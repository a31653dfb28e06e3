"""What candles, marks and trades take up on disk: the lake as compaction leaves it, and PostgreSQL beside it."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import psycopg
from deltalake import WriterProperties, write_deltalake
from psycopg import sql

from bench.store.lifelike import KINDS, as_stored, trades, year
from bench.store.servers import running
from bench.table import Figure
from wickstream.config import Settings
from wickstream.exchange.sequencing.id_hash import hash_of_run
from wickstream.operate.servers.local import postgres_spec
from wickstream.store.cold import columns, trade_columns
from wickstream.store.warm.database import connect
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.partitions import Months

TRADES = 3_000_000
CANDLES_MB, TRADES_MB = 26.0, 12.0


def measure() -> list[Figure]:
    """A year of three kinds of symbols, each by itself."""
    years = {kind.name: year(kind) for kind in KINDS}
    in_lake = {name: _candles_mb(frame) for name, frame in years.items()}
    archived = trades(TRADES)
    with running(postgres_spec) as settings:
        migrate(settings)
        in_warm = dict(_warm(settings, years["BUSYUSDT"]))
    mean = sum(in_lake.values()) / len(in_lake)
    return [
        *(Figure(f"the lake, a year of {name}", "MB", size, CANDLES_MB) for name, size in in_lake.items()),
        Figure("the lake, a symbol-year: the mean of them", "MB", mean, CANDLES_MB),
        Figure("the lake, a million trades", "MB", _trades_mb(archived) / archived.height * 1e6, TRADES_MB),
        *(Figure(f"PostgreSQL, a year of BUSYUSDT: {what}", "MB", size) for what, size in in_warm.items()),
    ]


def _candles_mb(frame: pl.DataFrame) -> float:
    return _written_mb(as_stored(frame), partition_by=columns.MONTH, writer=columns.WRITER)


def _trades_mb(frame: pl.DataFrame) -> float:
    return _written_mb(
        frame.with_columns(pl.lit("2024-01-01").alias(trade_columns.DAY)),
        partition_by=trade_columns.DAY,
        writer=trade_columns.WRITER,
    )


def _written_mb(rows: pl.DataFrame, *, partition_by: str, writer: WriterProperties) -> float:
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder:
        write_deltalake(folder, rows, partition_by=[partition_by], writer_properties=writer)
        return sum(file.stat().st_size for file in Path(folder).rglob("*.parquet")) / 1e6


def _warm(settings: Settings, candles: pl.DataFrame) -> Iterator[tuple[str, float]]:
    """Candles as they are written and closed, with the room that is left beside them; one in a thousand was revised."""
    with closing(connect(settings)) as conn:
        conn.autocommit = True
        Months().make(conn, candles["open_time"][:: 1_440 * 7].to_list())
        _copy(conn, "candles", candles)
        _copy(conn, "candle_revisions", candles.gather_every(1_000))
        _copy(conn, "marks", _marks(candles))
        for table in ("candles", "candle_revisions", "marks"):
            (heap, indexes) = _sizes(conn, table)
            yield table, heap
            yield f"{table}, indexes", indexes


def _marks(candles: pl.DataFrame) -> pl.DataFrame:
    first, last = candles["first_trade_id"].to_list(), candles["last_trade_id"].to_list()
    hashes = [hash_of_run(*ids) for ids in zip(first, last, strict=True)]
    sums = [str((a + b) * (b - a + 1) // 2) for a, b in zip(first, last, strict=True)]
    return candles.select(
        "symbol", "open_time", "first_trade_id", "last_trade_id", "trade_count", pl.Series("id_sum", sums),
        pl.Series("id_hash", hashes), "close", (pl.col("last_trade_id") + 1).alias("next_trade_id"),
        (pl.col("published_at") - 200).alias("since"), (pl.col("published_at") - 100).alias("written_at"),
    )  # fmt: skip


def _copy(conn: psycopg.Connection, table: str, rows: pl.DataFrame) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table), names)
    with conn.cursor().copy(statement) as copy:
        copy.write(rows.write_csv(include_header=False).encode())


def _sizes(conn: psycopg.Connection, table: str) -> tuple[float, float]:
    question = (
        "SELECT sum(pg_table_size(relid)) / 1e6, sum(pg_indexes_size(relid)) / 1e6"
        " FROM pg_partition_tree(%s::regclass) WHERE isleaf"
    )
    heap, indexes = conn.execute(question, (table,)).fetchone() or (0, 0)
    return float(heap), float(indexes)
