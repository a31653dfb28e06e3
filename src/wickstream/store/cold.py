"""The cold tier: a Delta table of closed candles, in a folder or on S3, that opens without any code of ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from arro3.core import Table
from deltalake import CommitProperties, DeltaTable, QueryBuilder, Transaction, WriterProperties
from deltalake.exceptions import DeltaError, TableNotFoundError

from wickstream.candle import Candle, contradicts
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS
from wickstream.store.columns import MONTH, candles_of, from_row, month_of, rows_of, selected, table_schema
from wickstream.store.versions import Written, key_of, newest

# One file a commit, and a commit a minute: without this a month would be 43,000 files.
COMPACT_EVERY = 60

PIECE_ROWS = 10_000

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
    """The table `candles` of the lake. Not for two threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{_location(settings.lake_url)}/candles"
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
        table = self._open()
        if table is None:
            return []
        where = f"symbol = {_quoted(symbol)} AND {_between(first_ms, last_ms)}"
        order = "DESC" if backward else "ASC"
        candles = self._query(table, f"WHERE {where} ORDER BY open_time {order} LIMIT {limit}")
        return candles[::-1] if backward else candles

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

    def _query(self, table: DeltaTable, conditions: str) -> list[Candle]:
        question = f"SELECT {selected()} FROM candles {conditions}"  # noqa: S608  # values are quoted or numbers
        try:
            return candles_of(Table(QueryBuilder().register("candles", table).execute(question).read_all()))
        except (DeltaError, OSError) as exc:
            raise self._busy(exc) from exc

    def _merge(self, rows: Sequence[Candle], offsets: Mapping[str, int]) -> Written:
        table = self._open() or self._create()
        first_ms, last_ms = min(row.open_time for row in rows), max(row.open_time for row in rows)
        contradicting = sum(self._contradicting(table, piece) for piece in _pieces(rows))
        outcome = (
            table.merge(
                rows_of(rows),
                # The literal bounds leave the files of other months and days unopened.
                f"{_SAME_KEY} AND {_between(first_ms, last_ms, of='held.')}",
                source_alias="new",
                target_alias="held",
                writer_properties=_WRITER,
                commit_properties=_with_offsets(offsets),
            )
            .when_matched_update(from_row("new"), _SUPERSEDES)
            .when_not_matched_insert(from_row("new"))
            .execute()
        )
        self._keep_files_few(table)
        stored = outcome["num_target_rows_inserted"] + outcome["num_target_rows_updated"]
        return Written(stored, len(rows) - stored, contradicting)

    def _contradicting(self, table: DeltaTable, rows: Sequence[Candle]) -> int:
        symbols = ", ".join(sorted({_quoted(row.symbol) for row in rows}))
        bounds = _between(rows[0].open_time, rows[-1].open_time)
        held = {key_of(candle): candle for candle in self._query(table, f"WHERE symbol IN ({symbols}) AND {bounds}")}
        return sum(contradicts(row, held.get(key_of(row), row)) for row in rows)

    def _create(self) -> DeltaTable:
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


def _pieces(rows: Sequence[Candle]) -> Iterator[list[Candle]]:
    """By time, and so short that what is held in a piece's range fits into a little memory."""
    width_ms = max(1, PIECE_ROWS // len({row.symbol for row in rows})) * MINUTE_MS
    ordered = sorted(rows, key=lambda row: row.open_time)
    for _number, piece in groupby(ordered, key=lambda row: row.open_time // width_ms):
        yield list(piece)


def _between(first_ms: int, last_ms: int, *, of: str = "") -> str:
    months = f"{of}{MONTH} BETWEEN '{month_of(first_ms)}' AND '{month_of(last_ms)}'"
    return f"{months} AND {of}open_time BETWEEN {first_ms} AND {last_ms}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _location(url: str) -> str:
    """A folder as a path: a URL of one with a space or an umlaut in it would have to be quoted."""
    return url.removeprefix("file:").replace("///", "/", 1) if url.startswith("file:") else url


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
