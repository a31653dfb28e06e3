"""The ledger's entries in PostgreSQL: ids that are missing, and minutes in which nothing was traded."""

from collections.abc import Iterable, Sequence

import psycopg

from wickstream.events import Gap

_INSERT = """
INSERT INTO gaps VALUES (%(symbol)s, %(first_trade_id)s, %(last_trade_id)s, %(open_time)s, %(detected_at)s,
                         %(status)s, %(filled_by)s, %(evidence)s)
"""
_REPLACE = """
DO UPDATE SET last_trade_id = excluded.last_trade_id, detected_at = excluded.detected_at, status = excluded.status,
              filled_by = excluded.filled_by, evidence = excluded.evidence, open_time = excluded.open_time
"""
_UPSERT_IDS = _INSERT + "ON CONFLICT (symbol, first_trade_id) WHERE first_trade_id IS NOT NULL" + _REPLACE
_UPSERT_HALT = _INSERT + "ON CONFLICT (symbol, open_time) WHERE first_trade_id IS NULL" + _REPLACE


def upsert_gaps(conn: psycopg.Connection, gaps: Iterable[Gap]) -> None:
    """Store entries of the ledger; the newest of a key wins, so they come in the order of their topic."""
    of_ids: dict[tuple[str, int], Gap] = {}
    halts: dict[tuple[str, int], Gap] = {}
    for gap in gaps:
        if gap.first_trade_id is not None:
            of_ids[gap.symbol, gap.first_trade_id] = gap
        elif gap.open_time is not None:
            halts[gap.symbol, gap.open_time] = gap
    _execute_all(conn, _UPSERT_IDS, [of_ids[key] for key in sorted(of_ids)])
    _execute_all(conn, _UPSERT_HALT, [halts[key] for key in sorted(halts)])


def _execute_all(conn: psycopg.Connection, statement: str, records: Sequence[Gap]) -> None:
    if records:
        rows = [{name: getattr(record, name) for name in record.__struct_fields__} for record in records]
        conn.cursor().executemany(statement, rows)
