"""The cold tier: a Delta table of closed candles, in a folder or on S3, that opens without any code of ours."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import structlog
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties
from deltalake.exceptions import DeltaError, TableNotFoundError

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.versions import Written, newest

if TYPE_CHECKING:
    import polars as pl

log = structlog.get_logger(__name__)

# One file a commit, and a commit a minute: without this a month would be 43,000 files.
COMPACT_EVERY = 60

_SAME_KEY = (
    "held.month = new.month AND held.symbol = new.symbol AND held.interval = new.interval"
    " AND held.open_time = new.open_time"
)
_SAME_VERSION = "new.revision = held.revision AND new.closed = held.closed AND new.trade_count = held.trade_count"
_SUPERSEDES = (
    "new.revision > held.revision"
    " OR (new.revision = held.revision AND new.closed AND NOT held.closed)"
    " OR (new.revision = held.revision AND new.closed = held.closed AND new.trade_count > held.trade_count)"
    f" OR ({_SAME_VERSION} AND new.origin = 'trades' AND held.origin <> 'trades')"
)


class ColdCandles:
    """The table `candles` of the lake. Not for two threads at once.

    polars is imported by the first call that needs it: the API reads old history rarely, and it costs 20 MB.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = f"{settings.lake_url}/candles"
        self._options = storage_options(settings)
        self._table: DeltaTable | None = None

    def store(self, candles: Iterable[Candle], offsets: Mapping[str, int]) -> Written:
        """Merge closed candles by key and version; the consumer's `offsets` are part of the same commit.

        Raises:
            StoreBusy: If the lake cannot take it now; nothing of it is stored, nor are the offsets.
        """
        rows, written = newest(candle for candle in candles if candle.closed)
        if not rows:
            return written
        try:
            return written + self._merge(rows, offsets)
        except (DeltaError, OSError) as exc:
            raise self._busy(exc) from exc

    def offset(self, name: str) -> int | None:
        """The offset of that name in the newest commit.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._open()
        return None if table is None else table.transaction_version(name)

    def read(self, symbol: str, first_ms: int, last_ms: int, *, limit: int, backward: bool) -> list[Candle]:
        """At most `limit` 1-minute candles with `first_ms <= open_time <= last_ms`, in order of time; those at the
        end of the range if `backward`, else those at its start.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        import polars as pl

        from wickstream.store.frames import candles_of

        table = self._open()
        if table is None:
            return []
        try:
            rows = _between(table, first_ms, last_ms).filter(pl.col("symbol") == symbol).sort("open_time")
            return candles_of((rows.tail(limit) if backward else rows.head(limit)).collect())
        except (DeltaError, OSError, pl.exceptions.PolarsError) as exc:
            raise self._busy(exc) from exc

    def span(self) -> tuple[int, int] | None:
        """Oldest and newest open time (ms) in the table, by the statistics of its files; None if it is empty.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._open()
        if table is None:
            return None
        files = table.get_add_actions(flatten=True)
        if not files.num_rows:
            return None
        return min(files["min.open_time"].to_pylist()), max(files["max.open_time"].to_pylist())

    def _open(self) -> DeltaTable | None:
        """The table as of its newest commit; None if nothing was ever stored."""
        try:
            if self._table is None:
                self._table = DeltaTable(self._url, storage_options=self._options)
            else:
                self._table.update_incremental()
        except TableNotFoundError:
            self._table = None
        except (DeltaError, OSError) as exc:
            raise self._busy(exc) from exc
        return self._table

    def _merge(self, rows: Sequence[Candle], offsets: Mapping[str, int]) -> Written:
        from wickstream.store.frames import contradictions, frame_of, month_of

        new = frame_of(rows)
        table = self._open() or self._create()
        first_ms, last_ms = min(row.open_time for row in rows), max(row.open_time for row in rows)
        contradicting = contradictions(new, _between(table, first_ms, last_ms))
        months = ", ".join(f"'{month}'" for month in sorted({month_of(row.open_time) for row in rows}))
        outcome = (
            table.merge(
                new,
                # The literal bounds leave the files of other months and days unopened.
                f"{_SAME_KEY} AND held.month IN ({months}) AND held.open_time BETWEEN {first_ms} AND {last_ms}",
                source_alias="new",
                target_alias="held",
                writer_properties=_WRITER,
                commit_properties=_with_offsets(offsets),
            )
            .when_matched_update_all(_SUPERSEDES)
            .when_not_matched_insert_all()
            .execute()
        )
        self._keep_files_few(table)
        stored = outcome["num_target_rows_inserted"] + outcome["num_target_rows_updated"]
        return Written(stored, len(rows) - stored, contradicting)

    def _create(self) -> DeltaTable:
        from wickstream.store.frames import MONTH, table_schema

        self._table = DeltaTable.create(
            self._url, table_schema(), mode="ignore", partition_by=[MONTH], storage_options=self._options
        )
        return self._table

    def _keep_files_few(self, table: DeltaTable) -> None:
        if table.version() % COMPACT_EVERY == 0:
            table.optimize.compact(writer_properties=_WRITER)

    def _busy(self, exc: Exception) -> StoreBusy:
        self._table = None
        return StoreBusy(f"cold tier: {str(exc).partition(chr(10))[0] or type(exc).__name__}")


_WRITER = WriterProperties(compression="ZSTD")


def _with_offsets(offsets: Mapping[str, int]) -> CommitProperties:
    return CommitProperties(app_transactions=[Transaction(name, offset) for name, offset in sorted(offsets.items())])


def _between(table: DeltaTable, first_ms: int, last_ms: int) -> "pl.LazyFrame":
    import polars as pl

    from wickstream.store.frames import month_of

    return pl.scan_delta(table).filter(
        pl.col("month").is_between(pl.lit(month_of(first_ms)), pl.lit(month_of(last_ms))),
        pl.col("open_time").is_between(first_ms, last_ms),
    )


def storage_options(settings: Settings) -> dict[str, str]:
    """What delta-rs needs to reach the bucket; nothing for a folder."""
    if not settings.lake_url.startswith("s3://"):
        return {}
    secret, endpoint = settings.minio_secret_key, settings.minio_endpoint
    options = {
        "AWS_ENDPOINT_URL": endpoint and (endpoint if "://" in endpoint else f"http://{endpoint}"),
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": settings.minio_access_key,
        "AWS_SECRET_ACCESS_KEY": secret.get_secret_value() if secret else None,
        "aws_conditional_put": "etag",  # of two commits of one version the store itself refuses the second
    }
    return {name: value for name, value in options.items() if value}
