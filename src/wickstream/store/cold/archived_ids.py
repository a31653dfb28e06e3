"""How far the ids of each symbol go in the archive: what is above is new without a look at the rows."""

from collections.abc import Iterable, Mapping, Sequence

from deltalake import DeltaTable, Transaction

from wickstream.store.cold.lake import LakeTable, listed

NONE = -1

KEPT_SINCE = "kept-since"  # under this name the table says when (ms) the first day begins that was not removed


class ArchivedIds:
    """The largest id of each symbol, as of one snapshot of the table; forgotten when another one is in hand.

    Each commit says it of the symbols it is about. A symbol of which none ever did is looked for among the rows.
    """

    def __init__(self, lake: LakeTable) -> None:
        self._lake = lake
        self._largest: dict[str, int] = {}
        self._as_of: tuple[DeltaTable, int] | None = None

    def of(self, table: DeltaTable, symbols: Iterable[str]) -> Mapping[str, int]:
        """Of these symbols at least; NONE where there is no row.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        if self._as_of != (table, table.version()):
            self._largest.clear()
            self._as_of = (table, table.version())
        asked = [symbol for symbol in symbols if symbol not in self._largest]
        said = {symbol: table.transaction_version(said_name(symbol)) for symbol in asked}
        self._largest |= {symbol: largest for symbol, largest in said.items() if largest is not None}
        if unsaid := [symbol for symbol, largest in said.items() if largest is None]:
            self._largest |= dict.fromkeys(unsaid, NONE) | self._in_rows(table, unsaid)
        return self._largest

    def moved(self, table: DeltaTable, newest: Mapping[str, int]) -> None:
        """A commit of ours said this. If others' came between, they are part of the snapshot now: all is asked anew."""
        _, before = self._as_of or (table, NONE)
        if table.version() == before + 1:
            self._largest |= newest
            self._as_of = (table, table.version())

    def _in_rows(self, table: DeltaTable, symbols: Sequence[str]) -> dict[str, int]:
        among = f"WHERE symbol IN ({listed(symbols)}) GROUP BY symbol"
        rows = self._lake.query(table, f"SELECT symbol, max(trade_id) AS largest FROM trades {among}")  # noqa: S608
        return dict(zip(rows.column("symbol").to_pylist(), rows.column("largest").to_pylist(), strict=True))


def to_be_said_without(lake: LakeTable, table: DeltaTable, days: Iterable[str]) -> list[Transaction]:
    """What the commit that removes these days has to say, so that no id of theirs is taken for new.

    Nearly always nothing: who added trades said it. The symbols of a table that was filled otherwise are asked for.
    """
    among = f"SELECT DISTINCT symbol FROM trades WHERE day IN ({listed(list(days))})"  # noqa: S608
    symbols = lake.query(table, among).column("symbol").to_pylist()
    unsaid = [symbol for symbol in symbols if table.transaction_version(said_name(symbol)) is None]
    return said(ArchivedIds(lake).of(table, unsaid)) if unsaid else []


def said(newest: Mapping[str, int]) -> list[Transaction]:
    """What a commit says of its symbols. Of two commits that say something of one symbol, and of which neither knew
    the other, the table takes only the first.
    """
    return [Transaction(said_name(symbol), largest) for symbol, largest in newest.items()]


def said_name(symbol: str) -> str:
    """Under which the table says it of a symbol."""
    return f"archived/{symbol}"
