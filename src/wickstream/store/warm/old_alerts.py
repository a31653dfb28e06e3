"""Alerts of the warm tier that are too old to stay there: read, and deleted as they were read."""

from collections.abc import Iterator, Sequence

import psycopg
from psycopg import sql

from wickstream.events import Alert, AlertType
from wickstream.store.warm.alerts import alert_of

AT_ONCE = 5_000  # rows of one transaction

_NAMES = Alert.__struct_fields__
_COUNT = "SELECT count(*) FROM alerts WHERE type = %s AND at < %s"
_NEXT = sql.SQL(
    """
SELECT {columns} FROM alerts WHERE type = %s AND at < %s AND (at, alert_id) > (%s, %s) ORDER BY at, alert_id LIMIT %s
"""
).format(columns=sql.SQL(", ").join(map(sql.Identifier, _NAMES)))
# Only as it was read: what became of it meanwhile is looked at the next time.
_DELETE = """
DELETE FROM alerts AS a
USING unnest(%s::text[], %s::boolean[], %s::integer[], %s::bigint[]) AS p (alert_id, final, revision, trade_count)
WHERE (a.alert_id, a.final, a.revision, a.trade_count) = (p.alert_id, p.final, p.revision, p.trade_count)
"""


def count_before(conn: psycopg.Connection, kind: AlertType, before_ms: int) -> int:
    """How many of this type are older."""
    ((count,),) = conn.execute(_COUNT, (str(kind), before_ms)).fetchall()
    return int(count)


def alerts_before(conn: psycopg.Connection, kind: AlertType, before_ms: int) -> Iterator[list[Alert]]:
    """All of this type that are older, in order of time, some thousand at a time; those given may be deleted."""
    at, last_id = -1, ""
    while rows := conn.execute(_NEXT, (str(kind), before_ms, at, last_id, AT_ONCE)).fetchall():
        found = [alert_of(row) for row in rows]
        at, last_id = found[-1].at, found[-1].alert_id
        yield found


def delete_alerts(conn: psycopg.Connection, proven: Sequence[Alert]) -> int:
    """Those that are still what they were when they were read; returns how many that were."""
    columns = [[getattr(alert, name) for alert in proven] for name in ("alert_id", "final", "revision", "trade_count")]
    return conn.execute(_DELETE, columns).rowcount


def has_alerts_between(conn: psycopg.Connection, first_ms: int, end_ms: int) -> bool:
    """Tell whether there is any with `first_ms <= at < end_ms`."""
    asked = "SELECT EXISTS (SELECT FROM alerts WHERE type = ANY(%s) AND at >= %s AND at < %s)"
    ((found,),) = conn.execute(asked, ([str(kind) for kind in AlertType], first_ms, end_ms)).fetchall()
    return bool(found)
