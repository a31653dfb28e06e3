"""The warm tier: PostgreSQL."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import stamina
from psycopg import sql

from wickstream.candle import EXCHANGE_FIELDS, Candle, window_end, window_start
from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.events import Alert, Gap, Mark, SymbolEvent
from wickstream.store.versions import Written, newest
from wickstream.store.warm.alerts import upsert_alerts
from wickstream.store.warm.database import (
    REFUSED,
    UNREACHABLE,
    answering_within,
    busy,
    connect,
    first_line,
    is_conflict,
)
from wickstream.store.warm.marks import insert_starts, note_revised, upsert_marks
from wickstream.store.warm.migrations import migrate

__all__ = ["WarmWriter", "migrate", "upsert_candles", "upsert_gaps", "upsert_marks"]

_TYPES = {
    "symbol": "text",
    "interval": "text",
    "closed": "boolean",
    "revision": "integer",
    "origin": "text",
} | dict.fromkeys(
    ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume"), "numeric"
)
COLUMNS = Candle.__struct_fields__
ANSWER_SECONDS = 60.0  # a batch takes milliseconds; who waits longer waits for a lock or for a server that is stopped
_KEY = ("symbol", "interval", "open_time")


def _names(columns: Iterable[str], table: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table, name) if table else sql.Identifier(name) for name in columns)


_UPSERT = sql.SQL(
    """
WITH offered AS MATERIALIZED (
    SELECT * FROM unnest({arrays}) AS o ({columns})
), compared AS (  -- with the table as it was before this statement
    SELECT count(*) AS contradicting
    FROM offered AS o JOIN candles AS held USING (symbol, "interval", open_time)
    WHERE held.open_time BETWEEN %(oldest)s AND %(latest)s
      AND (o.revision, o.closed, o.trade_count) = (held.revision, held.closed, held.trade_count)
      AND ({offered_facts}) IS DISTINCT FROM ({held_facts})
), stored AS (
    INSERT INTO candles AS held ({columns})
    SELECT {columns} FROM offered ORDER BY symbol, "interval", open_time
    ON CONFLICT (symbol, "interval", open_time) DO UPDATE SET {changes}
    WHERE (excluded.revision, excluded.closed, excluded.trade_count)
          > (held.revision, held.closed, held.trade_count)
       OR (excluded.revision, excluded.closed, excluded.trade_count)
          = (held.revision, held.closed, held.trade_count)
          AND excluded.origin = 'trades' AND held.origin <> 'trades'
    RETURNING 1
)
SELECT (SELECT count(*) FROM stored), (SELECT contradicting FROM compared)
"""
).format(
    arrays=sql.SQL(", ").join(
        sql.SQL("{}::{}[]").format(sql.Placeholder(name), sql.SQL(_TYPES.get(name, "bigint"))) for name in COLUMNS
    ),
    columns=_names(COLUMNS),
    offered_facts=_names((name for name in EXCHANGE_FIELDS if name not in _KEY), "o"),
    held_facts=_names((name for name in EXCHANGE_FIELDS if name not in _KEY), "held"),
    changes=sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in COLUMNS if name not in _KEY
    ),
)


def upsert_candles(conn: psycopg.Connection, candles: Sequence[Candle]) -> Written:
    """Store what is new or larger in version, in one statement; their partitions must be there."""
    rows, written = newest(candles)
    if not rows:
        return written
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    span = {"oldest": min(columns["open_time"]), "latest": max(columns["open_time"])}
    stored, contradicting = conn.execute(_UPSERT, columns | span).fetchone() or (0, 0)
    return written + Written(stored, len(rows) - stored, contradicting)


_INSERT_GAP = """
INSERT INTO gaps VALUES (%(symbol)s, %(first_trade_id)s, %(last_trade_id)s, %(open_time)s, %(detected_at)s,
                         %(status)s, %(filled_by)s, %(evidence)s)
"""
_REPLACE_GAP = """
DO UPDATE SET last_trade_id = excluded.last_trade_id, detected_at = excluded.detected_at, status = excluded.status,
              filled_by = excluded.filled_by, evidence = excluded.evidence, open_time = excluded.open_time
"""
_UPSERT_ID_GAP = _INSERT_GAP + "ON CONFLICT (symbol, first_trade_id) WHERE first_trade_id IS NOT NULL" + _REPLACE_GAP
_UPSERT_HALT = _INSERT_GAP + "ON CONFLICT (symbol, open_time) WHERE first_trade_id IS NULL" + _REPLACE_GAP


def upsert_gaps(conn: psycopg.Connection, gaps: Iterable[Gap]) -> None:
    """Store entries of the ledger; the newest of a key wins, so they come in the order of their topic."""
    of_ids: dict[tuple[str, int], Gap] = {}
    halts: dict[tuple[str, int], Gap] = {}
    for gap in gaps:
        if gap.first_trade_id is not None:
            of_ids[gap.symbol, gap.first_trade_id] = gap
        elif gap.open_time is not None:
            halts[gap.symbol, gap.open_time] = gap
    _execute_all(conn, _UPSERT_ID_GAP, [of_ids[key] for key in sorted(of_ids)])
    _execute_all(conn, _UPSERT_HALT, [halts[key] for key in sorted(halts)])


def _execute_all(conn: psycopg.Connection, statement: str, records: Sequence[Gap]) -> None:
    if records:
        rows = [{name: getattr(record, name) for name in record.__struct_fields__} for record in records]
        conn.cursor().executemany(statement, rows)


class WarmWriter:
    """One connection that comes back after it was lost. Not for two threads at once."""

    def __init__(self, settings: Settings, *, answer_s: float = ANSWER_SECONDS) -> None:
        self._settings = settings
        self._answer_s = answer_s
        self._conn: psycopg.Connection | None = None
        self._months: set[int] = set()

    def write(
        self,
        candles: Sequence[Candle],
        marks: Sequence[Mark] = (),
        gaps: Sequence[Gap] = (),
        alerts: Sequence[Alert] = (),
        *,
        starts: Sequence[SymbolEvent] = (),
    ) -> Written:
        """Store all of it in one transaction.

        Raises:
            StoreBusy: If PostgreSQL cannot take it now; nothing of it is stored.
            Unpublishable: If it will never take one of them; nothing of it is stored.
        """
        try:
            return self._write(candles, marks, gaps, alerts, starts)
        except UNREACHABLE as exc:
            self.close()
            raise busy(exc) from exc
        except REFUSED as exc:
            raise self._refused(exc) from exc

    def _refused(self, exc: psycopg.Error) -> StoreBusy | Unpublishable:
        self._months.clear()
        is_partition_gone = isinstance(exc, psycopg.errors.CheckViolation) and not exc.diag.constraint_name
        return busy(exc) if is_partition_gone else Unpublishable(first_line(exc))

    @stamina.retry(on=is_conflict, attempts=8, timeout=10.0, wait_initial=0.01, wait_max=0.5)
    def _write(
        self,
        candles: Sequence[Candle],
        marks: Sequence[Mark],
        gaps: Sequence[Gap],
        alerts: Sequence[Alert],
        starts: Sequence[SymbolEvent],
    ) -> Written:
        conn = self._connection()
        with answering_within(conn, self._answer_s):
            self._make_partitions(conn, candles)
            with conn.transaction():
                insert_starts(conn, starts)
                upsert_marks(conn, marks)
                note_revised(conn, candles)
                upsert_gaps(conn, gaps)
                upsert_alerts(conn, alerts)
                return upsert_candles(conn, candles)

    def _connection(self) -> psycopg.Connection:
        if self._conn is None:
            self._conn = connect(self._settings)
            self._conn.autocommit = True
        return self._conn

    def _make_partitions(self, conn: psycopg.Connection, candles: Iterable[Candle]) -> None:
        for month in sorted({window_start(candle.open_time, "1M") for candle in candles} - self._months):
            make_partition(conn, month)
            self._months.add(month)

    def close(self) -> None:
        """Let go of the connection; the next write makes another."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None
        self._months.clear()


def make_partition(conn: psycopg.Connection, month_ms: int) -> None:
    """The partition of the month that opens at `month_ms`, if it is not there yet."""
    name = f"candles_{datetime.fromtimestamp(month_ms / 1_000, UTC):%Y_%m}"
    with conn.transaction():
        # Two writers may meet a new month at once; the lock ends with the transaction.
        conn.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))
        if conn.execute("SELECT to_regclass(%s)", (name,)).fetchone() != (None,):
            return
        # Attached and not made in place, which would lock the readers of all other months out. Room is left on the
        # pages because an open candle is rewritten every second: such an update then touches no index.
        conn.execute(
            sql.SQL("CREATE TABLE {} (LIKE candles INCLUDING ALL) WITH (fillfactor = 70)").format(sql.Identifier(name))
        )
        conn.execute(
            sql.SQL("ALTER TABLE candles ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                sql.Identifier(name), sql.Literal(month_ms), sql.Literal(window_end(month_ms, "1M"))
            )
        )
