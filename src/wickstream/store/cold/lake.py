"""One Delta table of the lake, in a folder or on S3: opened, asked and written to by its name."""

from collections.abc import Collection, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import structlog
from arro3.core import RecordBatchReader, Table
from deltalake import (
    CommitProperties,
    DeltaTable,
    QueryBuilder,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import DeltaError, TableNotFoundError

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.cold.files import FileStore, files_of
from wickstream.store.cold.notes import FileNotes
from wickstream.store.cold.parts import in_order

if TYPE_CHECKING:
    import polars as pl  # 18 MB of a process: imported by the first scan, which most readers of a lake never make

log = structlog.get_logger(__name__)

# One file a commit, and a commit a minute: without this a month would be 43,000 files.
COMPACT_EVERY = 60

# Only then as large as files should be. What is joined stays on disk until it is vacuumed, and in between files grow to
# the size of what came since the last time only: else a month would be written seven hundred times.
COMPACT_WHOLE_EVERY = 24 * COMPACT_EVERY

# Who opened the table within the last day reads on: what newer files took the place of stays so long, and an hour more
# than the log that tells of it. So does what a process that was killed wrote and never committed.
UNUSED_HOURS = 25

# And a month's log as many: delta-rs makes a checkpoint every 100 commits by itself, and with it removes what is older
# than this, which by default is 30 days.
PROPERTIES = {
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": f"interval {UNUSED_HOURS} hours",
}

TROUBLE = (DeltaError, OSError)

Partitions = list[tuple[str, str, Any]]


def scan_trouble() -> tuple[type[Exception], ...]:
    """What a scan that is collected may fail with."""
    import polars as pl

    return (*TROUBLE, pl.exceptions.PolarsError)


class LakeTable:
    """A table that makes itself with the first rows. Not for two threads at once."""

    def __init__(
        self, settings: Settings, name: str, *, schema: Schema, partition_by: str, writer: WriterProperties
    ) -> None:
        self._name = name
        self._writer = writer
        self._url = f"{_location(settings.lake_url)}/{name}"
        self._options = storage_options(settings)
        self.files = FileStore(self._url, self._options)
        self.notes = FileNotes(settings, name, self.files)
        self.partition_by = partition_by
        self._schema = schema
        self._table: DeltaTable | None = None
        self._seen: int | None = None  # the version after the last commit

    def open(self) -> DeltaTable | None:
        """As of its newest commit; None if nothing was ever stored.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        try:
            if self._table is None:
                self._table = DeltaTable(self._url, storage_options=self._options)
            else:
                self._table.update_incremental()
        except TableNotFoundError:
            self._table = None
        except TROUBLE as exc:
            raise self.busy(exc) from exc
        return self._table

    def made(self) -> DeltaTable:
        """As `open`; made, if it is not there. May raise what `TROUBLE` names."""
        return self.open() or self._create()

    def query(self, table: DeltaTable, question: str) -> Table:
        """The answer to SQL that knows the table by its name.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        try:
            return Table(QueryBuilder().register(self._name, table).execute(question).read_all())
        except TROUBLE as exc:
            raise self.busy(exc) from exc

    def scan(self, besides: Collection[str] = ()) -> "pl.LazyFrame | None":
        """All its rows, but those of some files; None where there is none. What it is collected with may fail with
        what `scan_trouble` names.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        import polars as pl

        table = self.open()
        if table is None or not besides:
            return None if table is None else pl.scan_delta(table)
        files = [self.uri(file.path) for file in files_of(table) if file.path not in besides]
        return self.scan_files(files) if files else None

    def scan_files(self, uris: Sequence[str]) -> "pl.LazyFrame":
        """The rows of these files, whatever the log says of them."""
        import polars as pl

        return pl.scan_parquet(
            list(uris),
            hive_partitioning=True,
            hive_schema={self.partition_by: pl.String()},
            missing_columns="insert",
            storage_options=self._options or None,
        )

    def collected(self, rows: "pl.LazyFrame") -> "pl.DataFrame":
        """The rows of such a scan.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        try:
            return rows.collect()
        except scan_trouble() as exc:
            raise self.busy(exc) from exc

    def uri(self, path: str) -> str:
        """Where one of its files is."""
        return f"{self._url}/{path}"

    def keep_files_few(self, table: DeltaTable, only: Partitions | None = None) -> bool:
        """After a commit: every so many of them small files become larger ones, and of many more as large as they
        should be; tell whether it was that.

        Trouble with it harms nobody: the next time joins what this one did not. The files that come are noted.
        """
        self.notes.take(table)
        before, self._seen = self._seen or table.version() - 1, table.version()
        if before // COMPACT_EVERY == self._seen // COMPACT_EVERY:
            return False
        is_large = before // COMPACT_WHOLE_EVERY != self._seen // COMPACT_WHOLE_EVERY
        try:
            table.optimize.compact(only, None if is_large else _usual_bytes(table), writer_properties=self._writer)
        except TROUBLE as exc:
            log.warning("small files stay as they are", error=str(self.busy(exc)))
            return False
        self.notes.take(table)
        return is_large

    def replace(self, table: DeltaTable, part: str, rows: RecordBatchReader, *, file_bytes: int) -> None:
        """Put `rows` in the place of all that `table` knows of a part, and note the files they make as in order.

        Refused, with what `TROUBLE` names, if others changed the part meanwhile: it is as they left it then. Killed
        before the note, it is written once more by whoever comes next.
        """
        write_deltalake(
            table,
            rows,
            mode="overwrite",
            predicate=f"{self.partition_by} = {quoted(part)}",
            target_file_size=file_bytes,
            writer_properties=self._writer,
        )
        self.notes.take(table)
        self._say(table, in_order(table, part))

    def remove(self, table: DeltaTable, parts: Collection[str], said: Sequence[Transaction] = ()) -> None:
        """Take all rows of these parts out, in one commit that says `said`. May raise what `TROUBLE` names."""
        properties = CommitProperties(app_transactions=list(said)) if said else None
        table.delete(f"{self.partition_by} IN ({listed([*parts])})", commit_properties=properties)
        self.notes.take(table)

    def unused(self, table: DeltaTable) -> list[str]:
        """Files that no reader of the last day can need. May raise what `TROUBLE` names."""
        named = self._vacuum(table, dry_run=True)  # also those that are gone, as long as the log tells of them
        return [path for path in named if self.files.exists(path)]

    def sweep(self, table: DeltaTable) -> int:
        """Delete them; tells how many those were. May raise what `TROUBLE` names."""
        count = len(self.unused(table))
        self._vacuum(table, dry_run=False)
        return count

    def busy(self, exc: Exception) -> StoreBusy:
        """What trouble with the lake is to the rest of the house; the table is opened anew after it."""
        self._table = None
        return StoreBusy(f"cold tier: {str(exc).partition(chr(10))[0] or type(exc).__name__}")

    def _say(self, table: DeltaTable, said: Transaction) -> None:
        """By a commit without rows, which no other can be in the way of."""
        table.create_write_transaction(
            [],
            "append",
            table.schema(),
            partition_by=[self.partition_by],
            commit_properties=CommitProperties(app_transactions=[said]),
        )
        table.update_incremental()

    def _vacuum(self, table: DeltaTable, *, dry_run: bool) -> list[str]:
        return table.vacuum(UNUSED_HOURS, dry_run=dry_run, enforce_retention_duration=False, full=True)

    def _create(self) -> DeltaTable:
        self._table = DeltaTable.create(
            self._url,
            self._schema,
            mode="ignore",
            partition_by=[self.partition_by],
            configuration=PROPERTIES,
            storage_options=self._options,
        )
        return self._table


def _usual_bytes(table: DeltaTable) -> int:
    """What comes between two times that files are joined."""
    newest = sorted(files_of(table), key=lambda file: file.added_at)[-COMPACT_EVERY:]
    return COMPACT_EVERY * int(median(file.size_bytes for file in newest))


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Sequence[str]) -> str:
    """Texts for an `IN`."""
    return ", ".join(quoted(text) for text in sorted(set(texts)))


def storage_options(settings: Settings) -> dict[str, str]:
    """What delta-rs needs to reach the bucket; nothing for a folder."""
    if not settings.lake_url.startswith("s3://"):
        return {}
    secret, endpoint = settings.minio_secret_key, settings.minio_endpoint
    options: dict[str, Any] = {
        "AWS_ENDPOINT_URL": endpoint and (endpoint if "://" in endpoint else f"http://{endpoint}"),
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": settings.minio_access_key,
        "AWS_SECRET_ACCESS_KEY": secret.get_secret_value() if secret else None,
        "connect_timeout": "5s",
        "timeout": "30s",  # of one request
        "retry_timeout": "60s",  # of one request and what it is repeated; object_store's own patience is three minutes
        "aws_conditional_put": "etag",  # of two commits of one version the store itself refuses the second
    }
    return {name: value for name, value in options.items() if value}


def _location(url: str) -> str:
    """A folder as a path: a URL of one with a space or an umlaut in it would have to be quoted."""
    return url.removeprefix("file:").replace("///", "/", 1) if url.startswith("file:") else url
