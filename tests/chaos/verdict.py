"""What is published and archived, compared with what the exchange traded: every id once, and each minute's mark."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from tests.chaos.published import Seen
from tests.chaos.truth import Moment, Row, minute_of
from tests.id_hash import id_hash
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark
from wickstream.store.cold.trades import IdRange

SHOWN = 5


class Happened(Protocol):
    """What the exchange traded, as `Truth` asks it."""

    def trades(self, symbol: str, first_id: int, last_id: int) -> dict[int, Row]:
        """By id."""

    def differs(self, candle: Candle) -> bool:
        """From the exchange's own kline."""


class Archived(Protocol):
    """What is stored of single trades, as `TradesArchive` tells it: by the writer and by repair."""

    def ranges(self, symbol: str, first_id: int, last_id: int) -> list[IdRange]:
        """Of ids."""


@dataclass
class Verdict:
    """Differences from what happened.

    Attributes:
        wrong: time does not heal these.
        lacking: these may still come.
    """

    wrong: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([*(f"WRONG {each}" for each in self.wrong), *(f"lacking {each}" for each in self.lacking)])


def judge(published: Seen, truth: Happened, begin: Moment, cut: Moment, archive: Archived | None) -> Verdict:
    """Everything from `begin`, when nobody listened yet, to `cut`.

    `archive`: what is stored; None: no repair is at work, so nothing may be left to it.
    """
    verdict = Verdict()
    for symbol, last_id in cut.newest.items():
        _Symbol(symbol, published, truth, verdict).judge(begin.newest.get(symbol, -1), last_id, cut, archive)
    return verdict


class _Symbol:
    """One symbol's part of it."""

    def __init__(self, symbol: str, published: Seen, truth: Happened, verdict: Verdict) -> None:
        self._symbol = symbol
        self._published = published
        self._truth = truth
        self._verdict = verdict

    def judge(self, before_id: int, last_id: int, cut: Moment, archive: Archived | None) -> None:
        rows = self._published.trades.get(self._symbol, [])
        if not rows:
            if last_id > before_id:
                self._lacking("nothing is published")
            return
        first_id = rows[0][0]
        if first_id > before_id + 1:
            self._wrong(f"begins with {first_id}, and {before_id + 1} was the next one")
        real = self._truth.trades(self._symbol, first_id, last_id)
        self._judge_order(rows)
        ids = self._judge_contents([row for row in rows if row[0] <= last_id], real)
        missing = sorted(real.keys() - ids)
        self._judge_missing(missing, archive, (first_id, last_id))
        self._judge_gaps(real, ids)
        self._judge_minutes(real, missing, first_ms=rows[0][1], cut=cut)

    def _judge_order(self, rows: list[Row]) -> None:
        disorder = (f"{b[0]} after {a[0]}" for a, b in pairwise(rows) if b[0] <= a[0])
        self._wrong_ones("published out of order", disorder)

    def _judge_contents(self, rows: list[Row], real: dict[int, Row]) -> set[int]:
        self._wrong_ones(
            "never traded so", (f"{row}, but {real.get(row[0])}" for row in rows if row != real.get(row[0]))
        )
        return {row[0] for row in rows}

    def _judge_missing(self, missing: list[int], archive: Archived | None, within: tuple[int, int]) -> None:
        stored: set[int] = set()
        if archive is not None:
            stored = {one for first, last in archive.ranges(self._symbol, *within) for one in range(first, last + 1)}
        told = _ids(gap for gap in self._gaps() if gap.status is GapStatus.REPAIRED)
        if lacking := [one for one in missing if one not in stored or one not in told]:
            self._lacking(f"{len(lacking)} ids, from {lacking[0]} to {lacking[-1]}")

    def _judge_gaps(self, real: dict[int, Row], published: set[int]) -> None:
        still_open = _ids(gap for gap in self._gaps() if gap.status is GapStatus.OPEN)
        self._wrong_ones("called missing, and published", map(str, sorted(still_open & published)))
        repaired = _ids(gap for gap in self._gaps() if gap.status is GapStatus.REPAIRED)
        self._wrong_ones("called repaired, and published", map(str, sorted(repaired & published)))
        absent = _ids(gap for gap in self._gaps() if gap.status is GapStatus.ABSENT)
        self._wrong_ones("called absent, and traded", map(str, sorted(absent & real.keys())))

    def _judge_minutes(self, real: dict[int, Row], missing: list[int], *, first_ms: int, cut: Moment) -> None:
        minutes: defaultdict[int, list[int]] = defaultdict(list)
        for row in real.values():
            minutes[minute_of(row)].append(row[0])
        whole = range(first_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS, cut.at_ms // MINUTE_MS * MINUTE_MS, MINUTE_MS)
        holed = {minute_of(real[one]) for one in missing}
        broken = {minute_of(real[one]) for one in _with_neighbours(missing) if one in real}
        halted = {gap.open_time for gap in self._gaps() if gap.status is GapStatus.HALTED}
        marks = self._published.marks[self._symbol]
        is_paused, last_ms = self._symbol not in cut.trading, max(minutes, default=0)
        for open_ms in whole:
            ids, mark = sorted(minutes[open_ms]), marks.get(open_ms)
            if mark is not None and not _is_exact(mark, ids):
                self._wrong(f"marked {mark}, but {len(ids)} trades: {ids[:1]} to {ids[-1:]}")
            if open_ms in holed or (mark is None and open_ms in broken):
                self._judge_candle(open_ms, len(ids))
            elif mark is None and not (is_paused and open_ms >= last_ms) and (ids or open_ms not in halted):
                self._lacking(f"mark of {open_ms}, {len(ids)} trades")

    def _judge_candle(self, open_ms: int, count: int) -> None:
        """Of a minute that repair is to mend."""
        candle = self._published.candles.get((self._symbol, open_ms))
        if candle is None or not candle.closed or candle.trade_count != count:
            self._lacking(f"candle of {open_ms}, {count} trades")
        elif self._truth.differs(candle):
            self._wrong(f"{candle} is not the exchange's")

    def _gaps(self) -> list[Gap]:
        return [gap for (symbol, *_), gap in self._published.gaps.items() if symbol == self._symbol]

    def _wrong_ones(self, what: str, ones: Iterable[str]) -> None:
        found = list(ones)
        if found:
            self._wrong(f"{len(found)} {what}: {', '.join(found[:SHOWN])}")

    def _wrong(self, what: str) -> None:
        self._verdict.wrong.append(f"{self._symbol}: {what}")

    def _lacking(self, what: str) -> None:
        self._verdict.lacking.append(f"{self._symbol}: {what}")


def _ids(gaps: Iterable[Gap]) -> set[int]:
    return {one for gap in gaps for one in range(gap.first_trade_id or 0, (gap.last_trade_id or -1) + 1)}


def _with_neighbours(ids: Iterable[int]) -> Iterator[int]:
    for one in ids:
        yield from (one - 1, one, one + 1)


def _is_exact(mark: Mark, ids: list[int]) -> bool:
    if not ids:
        return mark.trade_count == mark.id_sum == mark.id_hash == 0
    counted = (mark.trade_count, mark.id_sum, mark.id_hash)
    return (mark.first_trade_id, mark.last_trade_id) == (ids[0], ids[-1]) and counted == (
        len(ids), sum(ids), id_hash(ids),
    )  # fmt: skip
