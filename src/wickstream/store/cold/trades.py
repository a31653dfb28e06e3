"""The archive: a Delta table of single trades, one row per symbol and id.

Rows are only ever appended, and a commit says of each symbol in it how far its ids go now. Ids above that are new by
this alone; whether others are there is asked of the rows. A commit that others came before, and that is about a symbol
of theirs, is refused by the table and made again.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl
from arro3.core import Table
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import DAY_MS, Trade
from wickstream.store.cold.archived_ids import KEPT_SINCE, ArchivedIds, said
from wickstream.store.cold.lake import TROUBLE, quoted
from wickstream.store.cold.tables import trades_table
from wickstream.store.cold.trade_columns import (
    AMOUNTS,
    COLUMNS,
    DAY,
    WRITER,
    as_stored,
    columns_of,
    days,
    frame_of,
    in_order,
    spans,
    times,
    within_days,
    within_ids,
)

GROUP = "write-trades"  # the consumers that archive what comes through Kafka
ATTEMPTS = 5  # at a commit that others come before

IdRange = tuple[int, int]

_FIELDS = Trade.__struct_fields__
_SELECTED = ", ".join(f"CAST({name} AS varchar) AS {name}" if name in AMOUNTS else name for name in _FIELDS)


class SideCounts(NamedTuple):
    """How many trades takers bought and sold by, from a time (ms) on."""

    opened_ms: int
    buys: int
    sells: int


class TradesArchive:
    """The table `trades` of the lake. Not for two threads at once; any number of processes may add to it."""

    def __init__(self, settings: Settings) -> None:
        self._lake = trades_table(settings)
        self._ids = ArchivedIds(self._lake)
        self._touched: set[str] = set()  # days that got files since theirs were made as large as they should be

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
        return self._store(in_order(rows), {}, of_their_days=True)

    def bring_back(self, rows: pl.DataFrame) -> int:
        """As `add_frame`, of rows of several symbols with all columns, in any order."""
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
        table = self._lake.open()
        return None if table is None else table.transaction_version(name)

    def said(self, names: Iterable[str]) -> dict[str, int]:
        """What the newest commit says under those of these names that it says anything of.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._lake.open()
        told = {name: None if table is None else table.transaction_version(name) for name in names}
        return {name: number for name, number in told.items() if number is not None}

    def kept_since_ms(self) -> int:
        """Days that end before were removed on purpose: what is not there of them is not missing. 0: none were.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._lake.open()
        return 0 if table is None else table.transaction_version(KEPT_SINCE) or 0

    def read(
        self, symbol: str, first_id: int, last_id: int, *, within_ms: tuple[int, int] | None = None
    ) -> list[Trade]:
        """The trades with `first_id <= trade_id <= last_id`, in the order of their ids.

        Who knows between which times they lie says it, and the files of other days are not opened.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        where = within_ids(symbol, first_id, last_id) + (within_days(*within_ms) if within_ms else "")
        rows = self._query(f"SELECT {_SELECTED} FROM trades WHERE {where} ORDER BY trade_id")  # noqa: S608
        if rows is None:
            return []
        columns = [_values(name, list(rows.column(name).to_pylist())) for name in _FIELDS]
        return [Trade(*row) for row in zip(*columns, strict=True)]

    def ranges(
        self, symbol: str, first_id: int, last_id: int, *, within_ms: tuple[int, int] | None = None
    ) -> list[IdRange]:
        """Which ids between `first_id` and `last_id` are stored: unbroken ranges, both ends inclusive, in order.

        `within_ms`: as for `read`.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        where = within_ids(symbol, first_id, last_id) + (within_days(*within_ms) if within_ms else "")
        numbered = (
            "SELECT trade_id, trade_id - row_number() OVER (ORDER BY trade_id) AS island"  # noqa: S608
            f" FROM trades WHERE {where}"
        )
        rows = self._query(
            f"SELECT min(trade_id) AS first, max(trade_id) AS last FROM ({numbered}) GROUP BY island ORDER BY first"  # noqa: S608
        )
        return (
            [] if rows is None else list(zip(*(rows.column(end).to_pylist() for end in ("first", "last")), strict=True))
        )

    def counts(self, symbol: str, first_ms: int, last_ms: int, *, width_ms: int) -> list[SideCounts]:
        """How many were traded from `first_ms` to `last_ms`, of those that count, in order of time; in widths from the
        epoch on, of which those without any are left out.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        bought = "sum(CASE WHEN buyer_is_maker THEN 0 ELSE 1 END)"
        place = f"symbol = {quoted(symbol)} AND counts AND traded_at_ms BETWEEN {first_ms} AND {last_ms}"
        rows = self._query(
            f"SELECT traded_at_ms / {width_ms} * {width_ms} AS opened, count(*) AS all_of_them, {bought} AS bought"  # noqa: S608
            f" FROM trades WHERE {place}{within_days(first_ms, last_ms)} GROUP BY opened ORDER BY opened"
        )
        if rows is None:
            return []
        opened, counts, buys = (rows.column(name).to_pylist() for name in ("opened", "all_of_them", "bought"))
        return [SideCounts(at, bought, count - bought) for at, count, bought in zip(opened, counts, buys, strict=True)]

    def id_from(self, symbol: str, start_ms: int) -> int | None:
        """The smallest id traded at that time or after it; None if there is none.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        late = f"traded_at_ms >= {start_ms}"
        return self._id("min", symbol, late + within_days(start_ms, start_ms + DAY_MS)) or self._id("min", symbol, late)

    def id_until(self, symbol: str, end_ms: int) -> int | None:
        """The largest id traded at that time or before it; None if there is none.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        early = f"traded_at_ms <= {end_ms}"
        near = within_days(max(0, end_ms - DAY_MS), end_ms)
        return self._id("max", symbol, early + near) or self._id("max", symbol, early)

    def _id(self, which: str, symbol: str, when: str) -> int | None:
        rows = self._query(f"SELECT {which}(trade_id) AS id FROM trades WHERE symbol = {quoted(symbol)} AND {when}")  # noqa: S608
        found: int | None = None if rows is None else rows.column("id").to_pylist()[0]
        return found

    def _query(self, question: str) -> Table | None:
        table = self._lake.open()
        return None if table is None else self._lake.query(table, question)

    def _store(self, rows: pl.DataFrame, offsets: Mapping[str, int], *, of_their_days: bool) -> int:
        if rows.is_empty():
            return 0
        failure: Exception | None = None
        for _ in range(ATTEMPTS):
            try:
                return self._append(rows, offsets, of_their_days=of_their_days)
            except CommitFailedError as exc:  # somebody else added trades of these symbols meanwhile
                failure = exc
            except TROUBLE as exc:
                raise self._lake.busy(exc) from exc
        raise StoreBusy(f"cold tier: {ATTEMPTS} commits in a row came second") from failure

    def _append(self, rows: pl.DataFrame, offsets: Mapping[str, int], *, of_their_days: bool) -> int:
        table = self._lake.made()
        archived = self._ids.of(table, rows["symbol"].unique())
        missing = self._missing(table, rows, archived, of_their_days=of_their_days)
        if missing.is_empty():
            return 0
        newest = {symbol: max(last, archived[symbol]) for symbol, _, last in spans(missing).iter_rows()}
        write_deltalake(
            table,
            as_stored(missing),
            mode="append",
            writer_properties=WRITER,
            commit_properties=_saying(offsets, newest),
        )
        self._ids.moved(table, newest)
        self._keep_files_few(table, missing)
        return missing.height

    def _keep_files_few(self, table: DeltaTable, added: pl.DataFrame) -> None:
        self._touched |= days(added)
        if self._lake.keep_files_few(table, [(DAY, "in", sorted(self._touched))]):
            self._touched.clear()

    def _missing(
        self, table: DeltaTable, rows: pl.DataFrame, archived: Mapping[str, int], *, of_their_days: bool
    ) -> pl.DataFrame:
        doubtful = [
            within_ids(symbol, first, min(last, archived[symbol]))
            for symbol, first, last in spans(rows).iter_rows()
            if first <= archived[symbol]
        ]
        if not doubtful:
            return rows
        and_days = within_days(*times(rows)) if of_their_days else ""
        where = f"({' OR '.join(f'({ids})' for ids in doubtful)}){and_days}"
        held = pl.DataFrame(self._lake.query(table, f"SELECT symbol, trade_id FROM trades WHERE {where}"))  # noqa: S608
        return rows.join(held, on=["symbol", "trade_id"], how="anti", maintain_order="left")


def _saying(offsets: Mapping[str, int], newest: Mapping[str, int]) -> CommitProperties:
    return CommitProperties(
        app_transactions=[*(Transaction(name, offset) for name, offset in offsets.items()), *said(newest)]
    )


def _values(name: str, values: list[Any]) -> list[Any]:
    return [Decimal(value) for value in values] if name in AMOUNTS else values
