"""Alerts in the warm tier: one row an `alert_id`, of the largest version there was."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from wickstream.events import Alert, AlertType

_COLUMNS = Alert.__struct_fields__

_UPSERT = sql.SQL(
    """
INSERT INTO alerts AS held ({columns}) VALUES ({values})
ON CONFLICT (alert_id) DO UPDATE SET {changes}
WHERE (excluded.final, excluded.revision, excluded.trade_count) > (held.final, held.revision, held.trade_count)
"""
).format(
    columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)),
    values=sql.SQL(", ").join(map(sql.Placeholder, _COLUMNS)),
    changes=sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in _COLUMNS if name != "alert_id"
    ),
)


def upsert_alerts(conn: psycopg.Connection, alerts: Iterable[Alert]) -> None:
    """Store what is new or larger in version."""
    largest: dict[str, Alert] = {}
    for alert in alerts:
        held = largest.get(alert.alert_id)
        if held is None or alert.version > held.version:
            largest[alert.alert_id] = alert
    if largest:  # in order of their ids, so that two writers wait for each other instead of for ever
        conn.cursor().executemany(_UPSERT, [_row(largest[alert_id]) for alert_id in sorted(largest)])


def replace_alerts(conn: psycopg.Connection, alerts: Sequence[Alert], *, gone: Sequence[str]) -> None:
    """Store these, whatever is held of their ids; and hold nothing of those that are `gone`."""
    conn.execute("DELETE FROM alerts WHERE alert_id = ANY(%s)", ([*gone, *(alert.alert_id for alert in alerts)],))
    upsert_alerts(conn, alerts)


def alert_of(row: tuple[Any, ...]) -> Alert:
    """From a row with the columns of `Alert`."""
    alert = Alert(*row)
    return msgspec.structs.replace(alert, type=AlertType(alert.type))


def _row(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in _COLUMNS} | {"facts": Jsonb(alert.facts)}
