"""The files of the lake, each held against the sha256 that was noted when it came."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import polars as pl

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.operate.validation.evidence import Fault
from wickstream.store.cold.files import LakeFile, files_of, partition_of
from wickstream.store.cold.lake import TROUBLE, LakeTable, scan_trouble
from wickstream.store.cold.tables import lake_tables
from wickstream.store.warm.database import PASSING, busy, connect
from wickstream.store.warm.lake_files import Noted, noted_files

READERS = 2
AT_ONCE_MS = 60_000  # a note that is younger than its file by less was taken as the file came


class LakeProof:
    """Of all tables. What is wrong with one file is told of that file, and the others are judged all the same."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tables = lake_tables(settings)
        self._wanted: dict[str, list[LakeFile]] = {}
        self.judged = 0
        self.damaged: dict[str, list[LakeFile]] = {name: [] for name in self._tables}
        self._unnoted = self._late = 0

    @property
    def remark(self) -> str:
        """What the files were not held against."""
        unnoted = f"{self._unnoted} without a note, which were only read" if self._unnoted else ""
        late = f"{self._late} noted over a minute after they were written" if self._late else ""
        return "; ".join(filter(None, (unnoted, late)))

    def judge(self, first_ms: int, last_ms: int) -> Iterator[Fault]:
        """Those that may hold rows of this time."""
        for name, table in self._tables.items():
            try:
                files, notes = self._files(name), self._notes(name)
            except StoreBusy as exc:
                yield Fault("", None, str(exc))
                continue
            self._wanted[name] = wanted = [file for file in files if file.may_hold(first_ms, last_ms)]
            self.judged += len(wanted)
            self._unnoted += sum(file.path not in notes for file in wanted)
            known = [(notes[file.path], file) for file in wanted if file.path in notes]
            self._late += sum(note.noted_at - file.added_at > AT_ONCE_MS for note, file in known)
            yield from self._faults(name, wanted, _troubles(table, wanted, notes))
            yield from _set_aside(name, notes.values())

    def unreadable(self, name: str) -> Iterator[Fault]:
        """Those of a table that cannot be read although nothing else is known against them."""
        self.judged = 0  # they were
        held = [file for file in self._wanted.get(name, ()) if file not in self.damaged[name]]
        yield from self._faults(name, held, (_unreadable(self._tables[name], file) for file in held))

    def besides(self, name: str) -> Collection[str]:
        """Paths of the files of a table that are not to be believed."""
        return {file.path for file in self.damaged[name]}

    def _faults(self, name: str, files: Sequence[LakeFile], troubles: Iterator[str | None]) -> Iterator[Fault]:
        for file, what in zip(files, troubles, strict=True):
            if what:
                self.damaged[name].append(file)
                yield Fault("", None, f"{name}/{file.path}: {what}")

    def _files(self, name: str) -> list[LakeFile]:
        table = self._tables[name].open()
        return [] if table is None else files_of(table)

    def _notes(self, name: str) -> Mapping[str, Noted]:
        try:
            with closing(connect(self._settings, reads_only=True)) as conn:
                return noted_files(conn, name)
        except PASSING as exc:
            raise busy(exc) from exc


def _troubles(table: LakeTable, files: Sequence[LakeFile], notes: Mapping[str, Noted]) -> Iterator[str | None]:
    with ThreadPoolExecutor(READERS, thread_name_prefix="files") as readers:
        yield from readers.map(lambda file: _trouble(table, file, notes.get(file.path)), files)


def _trouble(table: LakeTable, file: LakeFile, note: Noted | None) -> str | None:
    """What is wrong with it; None: nothing."""
    try:
        digest = table.files.sha256(file.path)
    except FileNotFoundError:
        return "is gone"
    except TROUBLE as exc:
        return f"cannot be read: {_first_line(exc)}"
    if note is None:
        return _unreadable(table, file)
    if note.sha256 and digest != note.sha256:
        return f"its sha256 is {digest[:16]}…, and was {note.sha256[:16]}… on {_moment(note.noted_at)}"
    return None


def _unreadable(table: LakeTable, file: LakeFile) -> str | None:
    try:
        table.scan_files([table.uri(file.path)]).select(pl.all().max()).collect(engine="streaming")
    except scan_trouble() as exc:
        return f"cannot be read: {_first_line(exc)}"
    return None


def _set_aside(name: str, notes: Collection[Noted]) -> Iterator[Fault]:
    for note in notes:
        if note.set_aside_at is not None:
            what = f"was set aside on {_moment(note.set_aside_at)}, and not all of its {note.rows:,} rows are back"
            yield Fault("", None, f"{name}/{note.path} ({partition_of(note.path)}): {what}")


def _first_line(exc: Exception) -> str:
    return str(exc).partition("\n")[0] or type(exc).__name__


def _moment(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"
