"""What a table of the lake needs from time to time: its parts in order and in few files, old ones gone, no litter."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import polars as pl
from arro3.core import RecordBatchReader
from deltalake import DeltaTable, Transaction

from wickstream.config import Settings
from wickstream.errors import StoreBusy, WickstreamError
from wickstream.store.cold import columns, trade_columns
from wickstream.store.cold.archived_ids import KEPT_SINCE, to_be_said_without
from wickstream.store.cold.files import files_of
from wickstream.store.cold.lake import LakeTable, scan_trouble
from wickstream.store.cold.parts import Part, parts_of
from wickstream.store.cold.pieces import Piece, Run, pieces
from wickstream.store.cold.tables import alerts_table, candles_table, trades_table

PIECE_ROWS = 500_000  # sorted at a time: about 500 MB of candles while they are

Answer = TypeVar("Answer")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Form:
    """How a table is laid out.

    Attributes:
        order: what its rows are sorted by, and no two of them share: the symbol, a number, and what else it takes.
        file_bytes: how large its files are about; no part is cut into files of less than `least_bytes`.
        most_files: of a part, however large; None: no limit.
        group_rows: so many are written at a time, which the table's writer makes a group of.
    """

    order: tuple[str, ...]
    file_bytes: int
    most_files: int | None
    group_rows: int
    least_bytes: int = 64 << 20


CANDLES = Form(("symbol", "open_time", "interval"), 256 << 20, 4, columns.GROUP_ROWS)
TRADES = Form(("symbol", "trade_id"), 160 << 20, None, trade_columns.GROUP_ROWS)
ALERTS = Form(("symbol", "at", "alert_id"), 256 << 20, 4, columns.GROUP_ROWS)


def file_bytes(size_bytes: int, form: Form) -> int:
    """How large the files of a part of that size may grow, so that they are about equal and none is small.

    A tenth more than their share: what is sorted may take a little more room than before.
    """
    files = max(1, round(size_bytes / form.file_bytes))
    return max(form.least_bytes, size_bytes // min(files, form.most_files or files) * 11 // 10)


class Doubled(WickstreamError):
    """A part holds a row twice, or other than the rows it says it has: it is left as it is."""


class Upkeep:
    """One table. Not for two threads at once; writers may be at work, and any number of other processes.

    Every method may raise StoreBusy: the lake does not answer, or others changed what was to be changed.
    """

    def __init__(self, lake: LakeTable, form: Form) -> None:
        self._lake = lake
        self._form = form

    @classmethod
    def of_candles(cls, settings: Settings) -> "Upkeep":
        """The table `candles`: by month."""
        return cls(candles_table(settings), CANDLES)

    @classmethod
    def of_trades(cls, settings: Settings) -> "Upkeep":
        """The table `trades`: by day."""
        return cls(trades_table(settings), TRADES)

    @classmethod
    def of_alerts(cls, settings: Settings) -> "Upkeep":
        """The table `alerts`: by month."""
        return cls(alerts_table(settings), ALERTS)

    def parts(self) -> list[Part]:
        """What the table is made of now, in order."""
        table = self._lake.open()
        return [] if table is None else self._tried(lambda: parts_of(table))

    def damaged(self, part: str, sha256: Mapping[str, str]) -> list[str]:
        """Files of a part that are not what they were by these, which may be of some of them only."""
        table = self._lake.open()
        files = [] if table is None else [file.path for file in files_of(table) if file.partition == part]
        return self._tried(lambda: [path for path in files if path in sha256 and self._is_other(path, sha256[path])])

    def _is_other(self, path: str, sha256: str) -> bool:
        try:
            return self._lake.files.sha256(path) != sha256
        except FileNotFoundError:
            return True

    def put_in_order(self, part: str, progress: Progress = lambda *_: None) -> Part | None:
        """Sort a part into few files, if it is not; returns what became of it, None if it is gone.

        `progress` is told of so many rows of so many.

        Raises:
            Doubled: If it holds a row twice; nothing is changed.
        """
        table = self._lake.open()
        held = None if table is None else self._part(table, part)
        if table is None or held is None or held.is_in_order:
            return held
        size, sorting = (
            file_bytes(held.size_bytes, self._form),
            _Sorting(table, self._form, self._is(part), held.rows, progress),
        )
        try:
            self._tried(lambda: self._lake.replace(table, part, sorting.batches(), file_bytes=size))
        except StoreBusy:
            if sorting.fault:  # what the table's library makes of it
                raise Doubled(f"{part}: {sorting.fault}") from None
            raise
        return self._part(table, part)

    def remove(self, parts: Collection[str], *, before_ms: int) -> None:
        """Take these parts out, in one commit, all of which end by `before_ms`."""
        table = self._lake.open()
        if table is not None and parts:
            self._tried(lambda: self._lake.remove(table, parts, self._said_without(table, parts, before_ms)))

    def _said_without(self, table: DeltaTable, parts: Collection[str], before_ms: int) -> list[Transaction]:
        """The archive of trades knows its ids also when their rows are gone, and from when on it has rows."""
        if self._lake.partition_by != trade_columns.DAY:
            return []
        since_ms = max(before_ms, table.transaction_version(KEPT_SINCE) or 0)
        return [*to_be_said_without(self._lake, table, parts), Transaction(KEPT_SINCE, since_ms)]

    def unused(self) -> int:
        """How many files no reader of the last day can need."""
        table = self._lake.open()
        return 0 if table is None else self._tried(lambda: len(self._lake.unused(table)))

    def sweep(self) -> int:
        """Delete those; returns how many they were."""
        table = self._lake.open()
        return 0 if table is None else self._tried(lambda: self._lake.sweep(table))

    def _part(self, table: DeltaTable, value: str) -> Part | None:
        found = self._tried(lambda: parts_of(table))
        return next((part for part in found if part.value == value), None)

    def _is(self, part: str) -> pl.Expr:
        return pl.col(self._lake.partition_by) == part

    def _tried(self, act: Callable[[], Answer]) -> Answer:
        try:
            return act()
        except scan_trouble() as exc:
            raise self._lake.busy(exc) from exc


class _Sorting:
    """The rows of a part as of one snapshot, piece by piece, each once."""

    def __init__(self, table: DeltaTable, form: Form, of_the_part: pl.Expr, rows: int, progress: Progress) -> None:
        self._rows = pl.scan_delta(table).filter(of_the_part).select(field.name for field in table.schema().fields)
        self._form = form
        self._expected = rows
        self._progress = progress
        self.fault = ""

    def batches(self) -> RecordBatchReader:
        """A group at a time."""
        schema = RecordBatchReader.from_arrow(pl.DataFrame(schema=self._rows.collect_schema())).schema
        return RecordBatchReader.from_batches(
            schema, chain.from_iterable(map(RecordBatchReader.from_arrow, self._groups()))
        )

    def _groups(self) -> Iterator[pl.DataFrame]:
        """Whole ones, because the table's library may change their order in a file, but not what is in each."""
        given, size, rest = 0, self._form.group_rows, pl.DataFrame(schema=self._rows.collect_schema())
        for piece in pieces(self._runs(), at_most=PIECE_ROWS):
            self._progress(given, self._expected)
            found = self._of(piece)
            given += found.height
            rows = pl.concat([rest, found])
            whole = rows.height // size * size
            yield from rows.head(whole).iter_slices(size)
            rest = rows.tail(rows.height - whole)
        yield rest
        self._require(given == self._expected, f"{given:,} rows of {self._expected:,}")

    def _runs(self) -> list[Run]:
        symbol, number = self._form.order[:2]
        key = pl.col(number)
        runs = self._rows.group_by(symbol).agg(
            key.min().alias("first"), key.max().alias("last"), pl.len().alias("rows")
        )
        return [Run(*row) for row in runs.collect().iter_rows()]

    def _of(self, piece: Piece) -> pl.DataFrame:
        symbol, number, *_ = self._form.order
        wanted = pl.col(symbol).is_in(piece.symbols), pl.col(number).is_between(piece.first, piece.last)
        rows = self._rows.filter(*wanted).sort(self._form.order).collect()
        same = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in self._form.order)
        twice = rows.filter(same).select(self._form.order)
        self._require(twice.is_empty(), f"{twice.rows()[:1]} is there twice")
        return rows

    def _require(self, holds: bool, fault: str) -> None:  # noqa: FBT001
        if not holds:
            self.fault = fault
            raise ValueError(fault)
