"""What each file of the lake was when it came: its sha256, taken after the commit that added it, into PostgreSQL.

Not into the commit: delta-rs names files only as it commits, the next commit could tell of the one before at best, and
the log is kept for a day. Nobody who commits waits for PostgreSQL: what it does not take now it is given after a later
commit, of this process or of another one.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import structlog
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.cold.files import FileStore, LakeFile, files_of
from wickstream.store.warm.database import PASSING, answering_within, busy, connect
from wickstream.store.warm.lake_files import Noted, forget_files, note_files, noted_files

LATE_BYTES = 1 << 28  # of older files without a note, after one commit; the others after the next ones
ANSWER_S = 10.0

log = structlog.get_logger(__name__)


class FileNotes:
    """Of one table. A thread of its own does the work, and a process ends only when that has.

    What came while this table was in hand is read at once, whether PostgreSQL is there or not.
    """

    def __init__(self, settings: Settings, name: str, store: FileStore) -> None:
        self._settings = settings
        self._name = name
        self._store = store
        self._since_ms = _now_ms()
        self._taken: dict[str, Noted] = {}  # and not known to be in PostgreSQL
        self._newest: tuple[int, list[LakeFile]] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._trouble = ""

    def take(self, table: DeltaTable) -> None:
        """After a commit: its files, and those that nobody noted. Returns at once."""
        self._newest = (table.version(), files_of(table))
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="notes")
        self._thread.submit(self._work).add_done_callback(_tell)

    def _work(self) -> None:
        newest, self._newest = self._newest, None
        if newest is None:  # other commits came before this one's turn, and it was of the newest
            return
        version, files = newest
        try:
            self.note(files, version=version)
        except (StoreBusy, DeltaError, OSError) as exc:
            if str(exc) != self._trouble:  # not after each commit again
                log.warning("files of the lake are noted later", table=self._name, error=str(exc))
            self._trouble = str(exc)
        else:
            self._trouble = ""

    def note(self, files: Sequence[LakeFile], *, version: int) -> None:
        """See to it that those of this version, and no others, are noted; not for two threads at once.

        Raises:
            StoreBusy: If PostgreSQL does not answer.
        """
        names = {file.path for file in files}
        self._taken = {path: noted for path, noted in self._taken.items() if path in names}
        for file in files:
            if file.added_at >= self._since_ms:
                self._read(file)
        try:
            with closing(connect(self._settings)) as conn, answering_within(conn, ANSWER_S):
                known = noted_files(conn, self._name)
                self._read_late([file for file in files if file.path not in known])
                note_files(conn, self._name, self._taken.values(), version=version)
                forget_files(conn, self._name, besides=names, version=version)
                conn.commit()
        except PASSING as exc:
            raise busy(exc) from exc
        self._taken.clear()
        self._since_ms = max([self._since_ms, *(file.added_at + 1 for file in files)])

    def _read_late(self, unknown: Sequence[LakeFile]) -> None:
        left = LATE_BYTES
        for file in sorted(unknown, key=lambda file: -file.added_at):
            if file.path not in self._taken and left > 0:
                left -= file.size_bytes
                self._read(file)

    def _read(self, file: LakeFile) -> None:
        if file.path not in self._taken:
            try:
                digest = self._store.sha256(file.path)
            except FileNotFoundError:
                return  # joined with others since, or lost: the proof will tell
            self._taken[file.path] = Noted(file.path, file.size_bytes, file.rows, digest, file.added_at, _now_ms())


def _tell(done: "Future[None]") -> None:
    if (failure := done.exception()) is not None:
        log.error("files of the lake are not noted", error=str(failure), kind=type(failure).__name__)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
