"""The archive: a Delta table of single trades, one row per symbol and id.

Rows are only ever appended, and a commit says of each symbol in it how far its ids go now (an application transaction
`archived/<symbol>`). Ids above that are new by this alone; whether others are there is asked of the rows. Two commits
that say something of the same symbol contradict each other: the table takes the first, and the second is made again.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import polars as pl
from arro3.core import Table
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from wickstream.config import Settings
from wickstream.events import Trade
from wickstream.store.cold.columns import day_of
from wickstream.store.cold.lake import TROUBLE, LakeTable, quoted
from wickstream.store.cold.trade_columns import (
    AMOUNTS,
    COLUMNS,
    DAY,
    WRITER,
    columns_of,
    frame_of,
    in_order,
    table_schema,
    with_days,
)

ATTEMPTS = 5  # at a commit that others come before

IdRange = tuple[int, int]

_FIELDS = Trade.__struct_fields__
_SELECTED = ", ".join(f"CAST({name} AS varchar) AS {name}" if name in AMOUNTS else name for name in _FIELDS)


class TradesArchive:
    """The table `trades` of the lake. Not for two threads at once; any number of processes may add to it."""

    def __init__(self, settings: Settings) -> None:
        self._lake = LakeTable(settings, "trades", schema=table_schema(), partition_by=DAY, writer=WRITER)
        self._archived: dict[str, int | None] = {}  # the largest id of a symbol, as of the snapshot in hand
        self._touched: set[str] = set()  # days that got a file since files were joined

    def add(self, symbol: str, trades: Iterable[Trade]) -> int:
        """Store those that are not there yet, in one commit; returns how many those were.

        Raises:
            StoreBusy: If the lake cannot take them now; nothing of them is stored.
        """
        return self.add_frame(symbol, frame_of(columns_of(trades)))

    def add_frame(self, symbol: str, frame: pl.DataFrame) -> int:
        """As `add`, of columns: a day of a symbol at a time, for the days of the rows are looked through.

        `trade_id` and `traded_at_ms` are Int64, `price` and `quantity` Decimal(20, 8), `buyer_is_maker` Boolean;
        `counts`, Boolean, may be left out. Others are ignored, rows may be in any order, and an id may be there twice.

        Raises:
            StoreBusy: If the lake cannot take them now; nothing of them is stored.
        """
        counts = [] if "counts" in frame.columns else [pl.lit(value=True).alias("counts")]
        rows = frame.with_columns(pl.lit(symbol).alias("symbol"), *counts).select(*COLUMNS)
        self._refreshed()
        return self._store(in_order(rows), {}, of_their_days=True)

    def append(self, rows: pl.DataFrame, offsets: Mapping[str, int]) -> int:
        """Store those of `in_order` rows that are not there yet, wherever; returns how many those were.

        The consumer's `offsets` are part of the same commit; where nothing is stored, there is none.

        Raises:
            StoreBusy: If the lake cannot take it now; nothing of it is stored, nor are the offsets.
        """
        return self._store(rows, offsets, of_their_days=False)

    def offset(self, name: str) -> int | None:
        """The offset of that name in the newest commit.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._refreshed()
        return None if table is None else table.transaction_version(name)

    def read(
        self, symbol: str, first_id: int, last_id: int, *, within_ms: tuple[int, int] | None = None
    ) -> list[Trade]:
        """The trades with `first_id <= trade_id <= last_id`, in the order of their ids.

        Who knows between which times they lie says it, and the files of other days are not opened.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        where = _ids(symbol, first_id, last_id) + (_days(*within_ms) if within_ms else "")
        rows = self._query(f"SELECT {_SELECTED} FROM trades WHERE {where} ORDER BY trade_id")  # noqa: S608
        if rows is None:
            return []
        columns = [_values(name, list(rows.column(name).to_pylist())) for name in _FIELDS]
        return [Trade(*row) for row in zip(*columns, strict=True)]

    def ranges(self, symbol: str, first_id: int, last_id: int) -> list[IdRange]:
        """Which ids between `first_id` and `last_id` are stored: unbroken ranges, both ends inclusive, in order.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        numbered = (
            "SELECT trade_id, trade_id - row_number() OVER (ORDER BY trade_id) AS island"  # noqa: S608
            f" FROM trades WHERE {_ids(symbol, first_id, last_id)}"
        )
        rows = self._query(
            f"SELECT min(trade_id) AS first, max(trade_id) AS last FROM ({numbered}) GROUP BY island ORDER BY first"  # noqa: S608
        )
        return (
            [] if rows is None else list(zip(*(rows.column(end).to_pylist() for end in ("first", "last")), strict=True))
        )

    def _query(self, question: str) -> Table | None:
        table = self._refreshed()
        return None if table is None else self._lake.query(table, question)

    def _refreshed(self) -> DeltaTable | None:
        self._archived.clear()
        return self._lake.open()

    def _store(self, rows: pl.DataFrame, offsets: Mapping[str, int], *, of_their_days: bool) -> int:
        if rows.is_empty():
            return 0
        failure: Exception | None = None
        for _ in range(ATTEMPTS):
            try:
                return self._append(rows, offsets, of_their_days=of_their_days)
            except CommitFailedError as exc:  # somebody else added trades of these symbols meanwhile
                failure = exc
                self._refreshed()
            except TROUBLE as exc:
                raise self._busy(exc) from exc
        raise self._busy(failure or RuntimeError()) from failure

    def _busy(self, exc: Exception) -> Exception:
        self._archived.clear()
        return self._lake.busy(exc)

    def _append(self, rows: pl.DataFrame, offsets: Mapping[str, int], *, of_their_days: bool) -> int:
        # Not as of the newest commit: that another one said something of these symbols since is for the table to find.
        table = self._lake.held or self._lake.made()
        base = table.version()
        missing = with_days(self._missing(table, rows, of_their_days=of_their_days))
        if missing.is_empty():
            return 0
        newest = self._newest(missing)
        write_deltalake(
            table, missing, mode="append", writer_properties=WRITER, commit_properties=_saying(offsets, newest)
        )
        self._archived |= newest
        self._touched |= set(missing[DAY].unique())
        if self._lake.keep_files_few(table, [(DAY, "in", sorted(self._touched))]):
            self._touched.clear()
        if self._lake.held is not table or table.version() != base + 1:
            # Others' commits are in the snapshot now, or will be in the next, and what they say of symbols.
            self._archived.clear()
        return missing.height

    def _missing(self, table: DeltaTable, rows: pl.DataFrame, *, of_their_days: bool) -> pl.DataFrame:
        doubtful = [
            _ids(symbol, first, last)
            for symbol, first, last in _spans(rows).iter_rows()
            if first <= self._largest(table, symbol, unknown=last)
        ]
        if not doubtful:
            return rows
        days = _days(*_times(rows)) if of_their_days else ""
        where = f"({' OR '.join(f'({ids})' for ids in doubtful)}){days}"
        held = pl.DataFrame(self._lake.query(table, f"SELECT symbol, trade_id FROM trades WHERE {where}"))  # noqa: S608
        return rows.join(held, on=["symbol", "trade_id"], how="anti", maintain_order="left")

    def _largest(self, table: DeltaTable, symbol: str, *, unknown: int) -> int:
        if symbol not in self._archived:
            self._archived[symbol] = table.transaction_version(_name(symbol))
        archived = self._archived[symbol]
        return unknown if archived is None else archived

    def _newest(self, rows: pl.DataFrame) -> dict[str, int]:
        spans = _spans(rows).iter_rows()
        return {symbol: max(last, self._archived.get(symbol) or 0) for symbol, _first, last in spans}


def _spans(rows: pl.DataFrame) -> pl.DataFrame:
    ids = pl.col("trade_id")
    return rows.group_by("symbol").agg(ids.min().alias("first"), ids.max().alias("last")).sort("symbol")


def _times(rows: pl.DataFrame) -> tuple[int, int]:
    time = pl.col("traded_at_ms")
    first_ms, last_ms = rows.select(time.min().alias("first"), time.max().alias("last")).row(0)
    return first_ms, last_ms


def _saying(offsets: Mapping[str, int], newest: Mapping[str, int]) -> CommitProperties:
    said = [*offsets.items(), *((_name(symbol), newest_id) for symbol, newest_id in newest.items())]
    return CommitProperties(app_transactions=[Transaction(name, number) for name, number in said])


def _name(symbol: str) -> str:
    return f"archived/{symbol}"


def _values(name: str, values: list[Any]) -> list[Any]:
    return [Decimal(value) for value in values] if name in AMOUNTS else values


def _days(first_ms: int, last_ms: int) -> str:
    return f" AND {DAY} BETWEEN '{day_of(first_ms)}' AND '{day_of(last_ms)}'"


def _ids(symbol: str, first_id: int, last_id: int) -> str:
    return f"symbol = {quoted(symbol)} AND trade_id BETWEEN {first_id} AND {last_id}"
