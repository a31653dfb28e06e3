"""Minutes to be recomputed, and all that PostgreSQL knows of them: what must be there, and when it was published."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark
from wickstream.store.ledger.bookkeeping import Held, Kind, Marked, agrees
from wickstream.store.ledger.case_questions import DUE, ENTRIES, HOLES, MARKED, MARKED_IN, MARKED_SYMBOLS
from wickstream.store.ledger.reader import LedgerReader

STREAM_MAY_COME_MS = 120_000  # so long is waited for a stream that has not gone beyond a minute yet


class Finding(NamedTuple):
    """An item of the books that was found unproven."""

    kind: str
    symbol: str
    open_time: int
    found_at: int


class Case(msgspec.Struct, frozen=True):
    """One minute with a mark, or the minutes between two marks.

    Attributes:
        first_id: from here on to `last_id` every id has to be accounted for; none where `last_id` is before it.
        from_ms: all of that was published then or later, by producers' clocks.
        until_ms: and by then; None: not known.
        wanted: open times of those of its minutes that need a candle.
        stored: what the store has instead, in words.
        is_proven: it is just what the mark says.
        found_at: since when the ledger calls it unproven (ms, the database's clock); 0: it was not asked.
        listed: entries of the ledger that tell of some of the ids.
    """

    kind: Kind
    symbol: str
    first_open: int
    last_open: int
    mark: Mark | None
    first_id: int
    last_id: int
    from_ms: int
    until_ms: int | None
    wanted: tuple[int, ...]
    stored: str
    is_proven: bool = False
    found_at: int = 0
    listed: tuple[Gap, ...] = ()

    @property
    def finding(self) -> Finding:
        """What tells it from others, also from the same minutes settled and found again."""
        return Finding(self.kind, self.symbol, self.first_open, self.found_at)

    @property
    def minutes(self) -> range:
        """Open times of all of its minutes."""
        return range(self.first_open, self.last_open + 1, MINUTE_MS)

    def ids_that_are(self, *statuses: GapStatus) -> tuple[tuple[int, int], ...]:
        """First and last of the ids of which an entry says so."""
        told = (gap for gap in self.listed if gap.status in statuses)
        return tuple((gap.ids[0], gap.ids[-1]) for gap in sorted(told, key=lambda gap: gap.ids[0]) if gap.ids)


def due_cases(ledger: LedgerReader, *, besides: Collection[Finding], limit: int, is_patient: bool) -> list[Case]:
    """What the ledger found, the newest findings first; `is_patient`: and the stream will not bring any more.

    `besides`: findings to leave out, so that those which nothing can prove do not stand before all older ones.

    Raises:
        StoreBusy: If PostgreSQL does not answer.
    """
    columns = [[finding[i] for finding in besides] for i in range(len(Finding._fields))]
    rows = ledger.fetch(DUE, *columns, not is_patient, STREAM_MAY_COME_MS, limit)
    marked = [(symbol, open_time) for kind, symbol, open_time, *_ in rows if kind == Kind.UNCLOSED]
    holes = [tuple(hole) for kind, *hole, _ in rows if kind == Kind.UNMARKED]
    found = [*_marked_cases(ledger, marked), *_hole_cases(ledger, holes)]
    times = {tuple(key): found_at for *key, _, found_at in rows}
    dated = [msgspec.structs.replace(case, found_at=times[case.kind, case.symbol, case.first_open]) for case in found]
    return _with_entries(ledger, [case for case in dated if not case.is_proven])  # some by now


def marked_symbols(ledger: LedgerReader) -> list[str]:
    """All of which there is a mark.

    Raises:
        StoreBusy: If PostgreSQL does not answer.
    """
    return [symbol for (symbol,) in ledger.fetch(MARKED_SYMBOLS)]


def cases_in(ledger: LedgerReader, symbols: Sequence[str], *, first_open: int, last_open: int) -> list[Case]:
    """Every minute of a range that has a mark, and those that lie between two marks.

    Raises:
        StoreBusy: If PostgreSQL does not answer.
    """
    rows = ledger.fetch(MARKED_IN, list(symbols), first_open, last_open, last_open)
    marked = [(symbol, open_time) for symbol, open_time, _ in rows if first_open <= open_time <= last_open]
    holes = [(s, before + MINUTE_MS, at - MINUTE_MS) for s, at, before in rows if before and at - before > MINUTE_MS]
    found = [*_marked_cases(ledger, marked), *_hole_cases(ledger, holes)]
    return _with_entries(ledger, list(_clipped(found, first_open, last_open)))


def _clipped(cases: Iterable[Case], first_open: int, last_open: int) -> Iterator[Case]:
    for case in cases:
        wanted = tuple(minute for minute in case.wanted if first_open <= minute <= last_open)
        if wanted:
            yield msgspec.structs.replace(case, wanted=wanted)


def _marked_cases(ledger: LedgerReader, keys: Sequence[tuple[str, int]]) -> list[Case]:
    if not keys:
        return []
    rows = ledger.fetch(MARKED, [symbol for symbol, _ in keys], [open_time for _, open_time in keys])
    return [_marked_case(row) for row in rows]


def _marked_case(row: tuple[Any, ...]) -> Case:
    *of_mark, from_ms, until_ms = row[:11]
    mark, held = Mark(*of_mark), None if row[11] is None else Held(*row[11:])
    return Case(
        kind=Kind.UNCLOSED,
        symbol=mark.symbol,
        first_open=mark.open_time,
        last_open=mark.open_time,
        mark=msgspec.structs.replace(mark, id_sum=int(mark.id_sum)),  # numeric there: it may have any size
        first_id=mark.first_trade_id,
        last_id=mark.last_trade_id,
        from_ms=from_ms,
        until_ms=until_ms,
        wanted=(mark.open_time,),
        stored=_in_words(mark, held),
        is_proven=agrees(Marked(mark.trade_count, mark.first_trade_id, mark.last_trade_id), held),
    )


def _in_words(mark: Mark, held: Held | None) -> str:
    if held is None:
        return f"marked with {mark.trade_count} trades, and there is no candle"
    state = "closed" if held.closed else "open"
    return f"marked with {mark.trade_count} trades, and the candle has {held.trade_count} and is {state}"


def _hole_cases(ledger: LedgerReader, holes: Sequence[tuple[Any, ...]]) -> list[Case]:
    if not holes:
        return []
    columns = [list(column) for column in zip(*holes, strict=True)]
    return [_hole_case(row) for row in ledger.fetch(HOLES, *columns) if row[7]]


def _hole_case(row: tuple[Any, ...]) -> Case:
    symbol, first_open, last_open, first_id, last_id, from_ms, until_ms, wanted = row
    return Case(
        kind=Kind.UNMARKED,
        symbol=symbol,
        first_open=first_open,
        last_open=last_open,
        mark=None,
        first_id=first_id,
        last_id=last_id,
        from_ms=from_ms,
        until_ms=until_ms,
        wanted=tuple(wanted),
        stored=f"no mark of {len(wanted)} minutes between two that have one",
    )


def _with_entries(ledger: LedgerReader, cases: list[Case]) -> list[Case]:
    if not cases:
        return []
    ranges = [(number, case.symbol, case.first_id, case.last_id) for number, case in enumerate(cases)]
    rows = ledger.fetch(ENTRIES, *(list(column) for column in zip(*ranges, strict=True)))
    entries = {number: tuple(map(_entry, group)) for number, group in groupby(rows, key=lambda row: row[0])}
    return [msgspec.structs.replace(case, listed=entries.get(number, ())) for number, case in enumerate(cases)]


def _entry(row: tuple[Any, ...]) -> Gap:
    gap = Gap(*row[1:])
    return msgspec.structs.replace(gap, status=GapStatus(gap.status))
