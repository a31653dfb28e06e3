"""The archive: a Delta table of single trades, one row per symbol and id. What Kafka never got is here."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from arro3.core import Array, DataType, Table
from deltalake import Field, Schema
from deltalake.schema import PrimitiveType

from wickstream.config import Settings
from wickstream.events import Trade
from wickstream.store.cold.columns import PRICE
from wickstream.store.cold.lake import TROUBLE, WRITER, LakeTable, listed, quoted

DAY = "day"  # UTC, of the trade's time, as 2024-08-09: what the table is partitioned by

IdRange = tuple[int, int]

_COLUMNS = Trade.__struct_fields__
_AMOUNTS = ("price", "quantity")  # both of at most twelve digits before the point and eight after it
_TYPES = {
    "symbol": ("string", DataType.utf8()),
    "trade_id": ("long", DataType.int64()),
    "price": (PRICE, DataType.utf8()),  # to the table and back as text, like the candles' amounts
    "quantity": (PRICE, DataType.utf8()),
    "traded_at_ms": ("long", DataType.int64()),
    "buyer_is_maker": ("boolean", DataType.bool()),
    "counts": ("boolean", DataType.bool()),
    DAY: ("string", DataType.utf8()),
}
_SCHEMA = Schema([Field(name, PrimitiveType(kind)) for name, (kind, _) in _TYPES.items()])
_INSERTED = {name: f"CAST(new.{name} AS {PRICE})" if name in _AMOUNTS else f"new.{name}" for name in _TYPES}
_SELECTED = ", ".join(f"CAST({name} AS varchar) AS {name}" if name in _AMOUNTS else name for name in _COLUMNS)


class TradesArchive:
    """The table `trades` of the lake. Not for two threads at once; any number of processes may add to it."""

    def __init__(self, settings: Settings) -> None:
        self._lake = LakeTable(settings, "trades", schema=_SCHEMA, partition_by=DAY)

    def add(self, symbol: str, trades: Iterable[Trade]) -> int:
        """Store those that are not there yet, in one commit; returns how many those were.

        Raises:
            StoreBusy: If the lake cannot take them now; nothing of them is stored.
        """
        by_id = {trade.trade_id: trade for trade in trades}
        if not by_id:
            return 0
        try:
            return self._merge(symbol, [by_id[trade_id] for trade_id in sorted(by_id)])
        except TROUBLE as exc:
            raise self._lake.busy(exc) from exc

    def read(self, symbol: str, first_id: int, last_id: int) -> list[Trade]:
        """The trades with `first_id <= trade_id <= last_id`, in the order of their ids.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        where = _ids(symbol, first_id, last_id)
        rows = self._query(f"SELECT {_SELECTED} FROM trades WHERE {where} ORDER BY trade_id")  # noqa: S608
        if rows is None:
            return []
        columns = [_values(name, rows.column(name).to_pylist()) for name in _COLUMNS]
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
        table = self._lake.open()
        return None if table is None else self._lake.query(table, question)

    def _merge(self, symbol: str, trades: Sequence[Trade]) -> int:
        table = self._lake.made()
        outcome = (
            table.merge(
                _rows(symbol, trades),
                # The literal bounds leave the files of other days, symbols and ids unopened.
                f"held.{DAY} = new.{DAY} AND held.symbol = new.symbol AND held.trade_id = new.trade_id AND "
                + f"held.{DAY} IN ({listed([_day(trade) for trade in trades])}) AND "
                + _ids(symbol, trades[0].trade_id, trades[-1].trade_id, of="held."),
                source_alias="new",
                target_alias="held",
                writer_properties=WRITER,
            )
            .when_not_matched_insert(_INSERTED)
            .execute()
        )
        self._lake.keep_files_few(table)
        stored: int = outcome["num_target_rows_inserted"]
        return stored


def _rows(symbol: str, trades: Sequence[Trade]) -> Table:
    columns: dict[str, list[Any]] = {name: [getattr(trade, name) for trade in trades] for name in _COLUMNS}
    columns |= {name: [f"{amount:f}" for amount in columns[name]] for name in _AMOUNTS}
    columns |= {"symbol": [symbol] * len(trades), DAY: [_day(trade) for trade in trades]}
    return Table.from_arrays(
        [Array(columns[name], type=kind) for name, (_, kind) in _TYPES.items()], names=list(_TYPES)
    )


def _values(name: str, values: list[Any]) -> list[Any]:
    return [Decimal(value) for value in values] if name in _AMOUNTS else values


def _day(trade: Trade) -> str:
    return f"{datetime.fromtimestamp(trade.traded_at_ms / 1_000, UTC):%Y-%m-%d}"


def _ids(symbol: str, first_id: int, last_id: int, *, of: str = "") -> str:
    return f"{of}symbol = {quoted(symbol)} AND {of}trade_id BETWEEN {first_id} AND {last_id}"
