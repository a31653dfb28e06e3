"""Damaged files of the lake: set aside, dropped from their tables, and remembered until their rows are back.

What if the process dies? Before the note, nothing happened. After it, or between copy and delete, the file is still
damaged in its table, and all of it is done again. After the table dropped it, the note says what is still to be done.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.cold.files import LakeFile, files_of, partition_of
from wickstream.store.cold.lake import TROUBLE, LakeTable
from wickstream.store.cold.tables import lake_tables
from wickstream.store.warm.database import PASSING, busy, connect
from wickstream.store.warm.lake_files import Noted, note_brought_back, note_set_aside, noted_files

ATTEMPTS = 5  # at a commit that others come before


class LostFiles:
    """Of all tables. Every method may raise StoreBusy."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tables = lake_tables(settings)

    def set_aside(self, damaged: Mapping[str, Sequence[LakeFile]]) -> None:
        """Out of their tables, and beside them."""
        for name, files in damaged.items():
            table = self._tables[name]
            held = table.open() if files else None
            if held is None:
                continue
            rows = _rows_by_partition(files_of(held))
            self._note(name, files, rows)
            for file in files:
                table.files.set_aside(file.path)
            _drop_missing(table)

    def _note(self, name: str, files: Sequence[LakeFile], rows: Mapping[str, int]) -> None:
        now_ms = time.time_ns() // 1_000_000
        try:
            with closing(connect(self._settings)) as conn:
                for file in files:
                    note_set_aside(
                        conn,
                        name,
                        file.path,
                        size=file.size_bytes,
                        rows=file.rows,
                        added_at=file.added_at,
                        partition_rows=rows[file.partition],
                        at=now_ms,
                    )
                conn.commit()
        except PASSING as exc:
            raise busy(exc) from exc

    def remembered(self, name: str) -> list[Noted]:
        """Those of a table that were set aside, now or before, and whose rows are not known to be back."""
        try:
            with closing(connect(self._settings)) as conn:
                return [note for note in noted_files(conn, name).values() if note.set_aside_at is not None]
        except PASSING as exc:
            raise busy(exc) from exc

    def forget_those_back(self, name: str) -> list[str]:
        """Where a partition has as many rows again as before; tells of the others what lacks."""
        held = self._tables[name].open()
        rows = _rows_by_partition([] if held is None else files_of(held))
        lacking = []
        try:
            with closing(connect(self._settings)) as conn:
                for note in noted_files(conn, name).values():
                    if note.set_aside_at is None:
                        continue
                    partition = partition_of(note.path)
                    left = (note.partition_rows or 0) - rows[partition]
                    if left <= 0:
                        note_brought_back(conn, name, note.path)
                    else:
                        lacking.append(f"{name}/{note.path}: {left:,} rows of {partition} are not back")
                conn.commit()
        except PASSING as exc:
            raise busy(exc) from exc
        return lacking


def _rows_by_partition(files: Sequence[LakeFile]) -> Counter[str]:
    rows: Counter[str] = Counter()
    for file in files:
        rows[file.partition] += file.rows
    return rows


def _drop_missing(table: LakeTable) -> None:
    """In a commit of its own."""
    failure: Exception | None = None
    for _ in range(ATTEMPTS):
        try:
            table.made().repair()
        except TROUBLE as exc:  # somebody else committed meanwhile, or the lake is away
            failure = exc
        else:
            return
    raise StoreBusy(f"cold tier: damaged files are still in their table: {failure}") from failure
