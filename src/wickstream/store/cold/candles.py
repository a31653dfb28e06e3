"""The cold tier: a Delta table of closed candles, in a folder or on S3, that opens without any code of ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from deltalake import CommitProperties, DeltaTable, Transaction

from wickstream.candle import Candle, contradicts
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.cold.columns import (
    MONTH,
    WRITER,
    candles_of,
    from_row,
    month_of,
    rows_of,
    selected,
)
from wickstream.store.cold.lake import TROUBLE, listed, quoted
from wickstream.store.cold.tables import candles_table
from wickstream.store.versions import Written, key_of, newest

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
        self._lake = candles_table(settings)

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
        except TROUBLE as exc:
            raise self._lake.busy(exc) from exc

    def offset(self, name: str) -> int | None:
        """The offset of that name in the newest commit.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._lake.open()
        return None if table is None else table.transaction_version(name)

    def read(self, symbol: str, first_ms: int, last_ms: int, *, limit: int, backward: bool) -> list[Candle]:
        """At most `limit` 1-minute candles with `first_ms <= open_time <= last_ms`, in order of time; those at the
        end of the range if `backward`, else those at its start.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._lake.open()
        if table is None:
            return []
        where = f"symbol = {quoted(symbol)} AND {_between(first_ms, last_ms)}"
        order = "DESC" if backward else "ASC"
        candles = self._query(table, f"WHERE {where} ORDER BY open_time {order} LIMIT {limit}")
        return candles[::-1] if backward else candles

    def span(self) -> tuple[int, int] | None:
        """Oldest and newest open time (ms) in the table, by the statistics of its files; None if it is empty.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        table = self._lake.open()
        return None if table is None else span_of(table)

    def _query(self, table: DeltaTable, conditions: str) -> list[Candle]:
        question = f"SELECT {selected()} FROM candles {conditions}"  # noqa: S608  # values are quoted or numbers
        return candles_of(self._lake.query(table, question))

    def _merge(self, rows: Sequence[Candle], offsets: Mapping[str, int]) -> Written:
        table = self._lake.made()
        first_ms, last_ms = min(row.open_time for row in rows), max(row.open_time for row in rows)
        contradicting = sum(self._contradicting(table, piece) for piece in _pieces(rows))
        outcome = (
            table.merge(
                rows_of(rows),
                # The literal bounds leave the files of other months and days unopened.
                f"{_SAME_KEY} AND {_between(first_ms, last_ms, of='held.')}",
                source_alias="new",
                target_alias="held",
                writer_properties=WRITER,
                commit_properties=_with_offsets(offsets),
            )
            .when_matched_update(from_row("new"), _SUPERSEDES)
            .when_not_matched_insert(from_row("new"))
            .execute()
        )
        self._lake.keep_files_few(table)
        stored = outcome["num_target_rows_inserted"] + outcome["num_target_rows_updated"]
        return Written(stored, len(rows) - stored, contradicting)

    def _contradicting(self, table: DeltaTable, rows: Sequence[Candle]) -> int:
        symbols = listed([row.symbol for row in rows])
        bounds = _between(rows[0].open_time, rows[-1].open_time)
        held = {key_of(candle): candle for candle in self._query(table, f"WHERE symbol IN ({symbols}) AND {bounds}")}
        return sum(contradicts(row, held.get(key_of(row), row)) for row in rows)


def span_of(table: DeltaTable) -> tuple[int, int] | None:
    """As `ColdCandles.span`, of a snapshot."""
    files = table.get_add_actions(flatten=True)
    if not files.num_rows:
        return None
    return min(files["min.open_time"].to_pylist()), max(files["max.open_time"].to_pylist())


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
