"""The table `alerts` of the lake: one row an `alert_id`, of the largest version there was.

Amounts are text: a value in dollars may have more digits than any decimal of Parquet.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import polars as pl
from arro3.core import Array, Table
from deltalake import CommitProperties, Transaction

from wickstream.candle import plain
from wickstream.config import Settings
from wickstream.events import Alert, AlertType
from wickstream.store.cold.alert_columns import KINDS, WRITER
from wickstream.store.cold.columns import MONTH, month_of
from wickstream.store.cold.lake import TROUBLE
from wickstream.store.cold.tables import alerts_table
from wickstream.store.series.alert_series import AlertQuestion, newest_first

_SAYS_MORE = (
    "(new.final AND NOT held.final)"
    " OR (new.final = held.final AND (new.revision > held.revision"
    " OR (new.revision = held.revision AND new.trade_count > held.trade_count)))"
)
_COMPARED = pl.Decimal(38, 8)  # 30 digits before the point are enough for dollars
_FROM_NEW = {name: f'new."{name}"' for name in KINDS}


class ColdAlerts:
    """Not for two threads at once; any number of processes may store."""

    def __init__(self, settings: Settings) -> None:
        self._lake = alerts_table(settings)

    def store(self, alerts: Iterable[Alert], offsets: Mapping[str, int]) -> int:
        """Merge by id and version; tells how many rows changed. The consumer's `offsets` are part of the same commit;
        where nothing changes, there is none.

        Raises:
            StoreBusy: If the lake cannot take them now; nothing of it is stored, nor are the offsets.
        """
        rows = newest(alerts)
        if not rows:
            return 0
        try:
            return self._merge(rows, offsets)
        except TROUBLE as exc:
            raise self._lake.busy(exc) from exc

    def offset(self, name: str) -> int | None:
        """The offset of that name in the newest commit.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._lake.open()
        return None if table is None else table.transaction_version(name)

    def read(self, first_ms: int, last_ms: int, *, besides: Collection[str] = ()) -> list[Alert]:
        """Those with `first_ms <= at <= last_ms`; `besides`: files (their paths) that are not to be opened.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        rows = self._lake.scan(besides)
        if rows is None:
            return []
        wanted = rows.filter(
            pl.col(MONTH).is_between(pl.lit(month_of(first_ms)), pl.lit(month_of(last_ms))),
            pl.col("at").is_between(first_ms, last_ms),
        )
        return [_alert_of(row) for row in self._lake.collected(wanted.sort("at", "alert_id")).iter_rows(named=True)]

    def page(self, question: AlertQuestion) -> Sequence[Alert]:
        """The newest that the question is about, newest first.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        rows = self._lake.scan()
        if rows is None:
            return []
        wanted = rows.filter(*_conditions(question)).sort("at", "alert_id", descending=True).head(question.limit)
        return newest_first(question, map(_alert_of, self._lake.collected(wanted).iter_rows(named=True)))

    def _merge(self, rows: Sequence[Alert], offsets: Mapping[str, int]) -> int:
        table = self._lake.made()
        times = [row.at for row in rows]
        outcome = (
            table.merge(
                _rows_of(rows),
                f"held.{MONTH} = new.{MONTH} AND held.alert_id = new.alert_id"
                # The literal bounds leave the files of other months and days unopened.
                f" AND held.{MONTH} BETWEEN '{month_of(min(times))}' AND '{month_of(max(times))}'"
                f" AND held.at BETWEEN {min(times)} AND {max(times)}",
                source_alias="new",
                target_alias="held",
                writer_properties=WRITER,
                commit_properties=CommitProperties(
                    app_transactions=[Transaction(name, offset) for name, offset in sorted(offsets.items())]
                ),
            )
            .when_matched_update(_FROM_NEW, _SAYS_MORE)
            .when_not_matched_insert(_FROM_NEW)
            .execute()
        )
        self._lake.keep_files_few(table)
        changed: int = outcome["num_target_rows_inserted"] + outcome["num_target_rows_updated"]
        return changed


def _conditions(question: AlertQuestion) -> list[pl.Expr]:
    at, alert_id = pl.col("at"), pl.col("alert_id")
    until = min(
        (time for time in (question.end, question.before and question.before[0]) if time is not None), default=None
    )
    wanted = [
        pl.col(name) == value
        for name in ("type", "symbol", "late", "final")
        if (value := getattr(question, name)) is not None
    ]
    if question.start is not None:
        wanted += [at >= question.start, pl.col(MONTH) >= pl.lit(month_of(question.start))]
    if until is not None:
        wanted += [at <= until, pl.col(MONTH) <= pl.lit(month_of(until))]
    if question.before:
        before_ms, before_id = question.before
        wanted.append((at < before_ms) | ((at == before_ms) & (alert_id < before_id)))
    if question.min_value is not None:
        wanted.append(pl.col("value").cast(_COMPARED) >= question.min_value)
    return wanted


def newest(alerts: Iterable[Alert]) -> list[Alert]:
    """One an id, that of the largest version, in order of time."""
    largest: dict[str, Alert] = {}
    for alert in alerts:
        held = largest.setdefault(alert.alert_id, alert)
        if alert.version > held.version:
            largest[alert.alert_id] = alert
    return sorted(largest.values(), key=lambda alert: (alert.at, alert.alert_id))


def _alert_of(row: Mapping[str, Any]) -> Alert:
    amounts = {name: Decimal(row[name]) for name in ("value", "threshold")}
    told = {name: row[name] for name in Alert.__struct_fields__}
    return Alert(**told | amounts | {"type": AlertType(row["type"]), "facts": msgspec.json.decode(row["facts"])})


def _rows_of(alerts: Sequence[Alert]) -> Table:
    columns = [_values(name, [getattr(alert, name) for alert in alerts]) for name in Alert.__struct_fields__]
    months = [month_of(alert.at) for alert in alerts]
    kinds = [kind for _, kind in KINDS.values()]
    arrays = [Array(values, type=kind) for values, kind in zip([*columns, months], kinds, strict=True)]
    return Table.from_arrays(arrays, names=list(KINDS))


def _values(name: str, values: list[Any]) -> list[Any]:
    match name:
        case "value" | "threshold":
            return [plain(value) for value in values]
        case "facts":
            return [msgspec.json.encode(value, order="sorted").decode() for value in values]
        case "type":
            return [str(value) for value in values]
        case _:
            return values
