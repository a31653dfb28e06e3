"""Alerts of the warm tier, newest first."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from psycopg import sql

from wickstream.candle import window_start
from wickstream.events import DAY_MS, MINUTE_MS, Alert
from wickstream.store.series.alert_series import AlertQuestion
from wickstream.store.warm.alerts import alert_of
from wickstream.store.warm.reads import WarmReader

_CONDITIONS = {
    "type": "type = %(type)s",
    "symbol": "symbol = %(symbol)s",
    "min_value": "value >= %(min_value)s",
    "start": "at >= %(start)s",
    "end": "at <= %(end)s",
    "late": "late = %(late)s",
    "final": "final = %(final)s",
}
_ID = 'alert_id COLLATE "C"'  # by its bytes, as in the lake, whatever order the database has for texts
_BEFORE = f"(at, {_ID}) < (%(at)s, %(alert_id)s)"
_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, Alert.__struct_fields__))
_KNOWN = "SELECT alert_id FROM alerts WHERE alert_id = ANY(%s)"
_HAS_FILES = """
SELECT EXISTS (SELECT FROM lake_files WHERE table_name = 'alerts' AND path COLLATE "C" < %s)
"""


async def read_page(warm: WarmReader, question: AlertQuestion) -> list[Alert]:
    """What the warm tier has of the answer.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    values: dict[str, Any] = {name: getattr(question, name) for name in _CONDITIONS}
    wanted = [sql.SQL(text) for name, text in _CONDITIONS.items() if values[name] is not None]
    if question.before:
        wanted.append(sql.SQL(_BEFORE))
        values["at"], values["alert_id"] = question.before
    where = sql.SQL(" AND ").join(wanted) if wanted else sql.SQL("true")
    statement = sql.SQL(
        "SELECT {columns} FROM alerts WHERE {where} ORDER BY at DESC, {id} DESC LIMIT %(limit)s"
    ).format(columns=_COLUMNS, where=where, id=sql.SQL(_ID))
    return [alert_of(row) for row in await warm.fetch(statement, values | {"limit": question.limit})]


async def unknown(warm: WarmReader, alerts: Iterable[Alert]) -> list[Alert]:
    """Those that the warm tier has nothing of.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    offered = list(alerts)
    known = {row[0] for row in await warm.fetch(_KNOWN, ([alert.alert_id for alert in offered],))}
    return [alert for alert in offered if alert.alert_id not in known]


async def kept_since_ms(warm: WarmReader, days: int) -> int | None:
    """Which alerts the warm tier, which keeps so many days, has not let go: those from this time on; None: nobody says.

    As the lifecycle: it takes the newest closed candle for now, and lets go whole months.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    newest_ms = await warm.newest_closed(await warm.symbols())
    return None if newest_ms is None else window_start(max(0, newest_ms + MINUTE_MS - days * DAY_MS), "1M")


async def is_archived_before(warm: WarmReader, time_ms: int) -> bool:
    """Tell whether the lake may have alerts of months before that one.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    until = f"month={datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m}"
    return bool((await warm.fetch(_HAS_FILES, (until,)))[0][0])
