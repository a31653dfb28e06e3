"""The ledger's entries, page by page."""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from psycopg import sql

from wickstream.events import Gap, GapStatus
from wickstream.store.warm.reads import WarmReader

_NAMES = Gap.__struct_fields__
GAP_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, _NAMES))  # as `gap_of` takes them
_PLACE = "(detected_at, symbol, coalesce(first_trade_id, -1), coalesce(open_time, -1))"
_READ = """
SELECT {columns} FROM gaps WHERE {conditions}
ORDER BY detected_at DESC, symbol DESC, coalesce(first_trade_id, -1) DESC, coalesce(open_time, -1) DESC
LIMIT %(limit)s
"""


class GapPlace(NamedTuple):
    """Where an entry stands in the order of the list; -1 is what it has not."""

    detected_at: int
    symbol: str
    first_trade_id: int
    open_time: int

    @classmethod
    def of(cls, gap: Gap) -> "GapPlace":
        """That of an entry."""
        halt_or_ids = (-1 if value is None else value for value in (gap.first_trade_id, gap.open_time))
        return cls(gap.detected_at, gap.symbol, *halt_or_ids)


@dataclass(frozen=True)
class GapQuestion:
    """Which entries; None: any. `start` and `end` (ms, inclusive) are of when they were detected."""

    symbol: str | None
    status: GapStatus | None
    start: int | None
    end: int | None
    behind: GapPlace | None
    limit: int


_CONDITIONS = {
    "symbol": "symbol = %(symbol)s",
    "status": "status = %(status)s",
    "start": "detected_at >= %(start)s",
    "end": "detected_at <= %(end)s",
    "behind": f"{_PLACE} < (%(detected_at)s, %(of_symbol)s, %(first_trade_id)s, %(open_time)s)",
}


async def read_gaps(warm: WarmReader, question: GapQuestion) -> list[Gap]:
    """At most `limit`, the newest first.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    asked = [sql.SQL(text) for name, text in _CONDITIONS.items() if getattr(question, name) is not None]
    statement = sql.SQL(_READ).format(
        columns=GAP_COLUMNS,
        conditions=sql.SQL(" AND ").join(asked or [sql.SQL("true")]),
    )
    return [gap_of(row) for row in await warm.fetch(statement, _values(question))]


def _values(question: GapQuestion) -> dict[str, str | int | None]:
    place = question.behind._asdict() if question.behind else {}
    values = {name: getattr(question, name) for name in ("symbol", "status", "start", "end", "limit")}
    return values | {"of_symbol" if name == "symbol" else name: value for name, value in place.items()}


def gap_of(row: tuple[object, ...]) -> Gap:
    """An entry as it was read."""
    return msgspec.convert(dict(zip(_NAMES, row, strict=True)), Gap)
