"""Which symbols somebody should be told of, and of which they were told before. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from wickstream.events import Notice
from wickstream.store.lane.pulse import Pulse
from wickstream.store.series.market_reads import Vital

REMIND_MS = 86_400_000  # what is still so a day later is told again
EVERYTHING = "*"  # in the place of a symbol: that nothing can be said of any


class Told(msgspec.Struct, frozen=True):
    """That a symbol is not heard was told."""

    since_ms: int | None  # the exchange's clock: when it was heard last; None: never
    told_at_ms: int  # the process clock


Memory = Mapping[str, Told]  # by symbol


@dataclass(frozen=True)
class Look:
    """How all symbols are, at one moment.

    Attributes:
        away: tiers without which nothing can be said.
        as_of_ms: the exchange's now; None: not known.
        process_ms: ours.
    """

    rows: tuple[Vital, ...]
    away: tuple[str, ...]
    as_of_ms: int | None
    process_ms: int


def stale_rows(look: Look, *, stale_ms: int) -> tuple[Vital, ...]:
    """Those of which nothing was heard for so long, though the exchange trades them."""
    silent = (row for row in look.rows if row.pulse is Pulse.SILENT)
    return tuple(row for row in silent if row.age_ms is None or row.age_ms >= stale_ms)


def judge(look: Look, before: Memory, *, stale_ms: int) -> tuple[tuple[Notice, ...], Memory]:
    """What there is to tell who was told `before`, and what they know once they were.

    Each symbol is told of once, once more a day, and when it is heard again. One that is halted, or not followed any
    more, is forgotten without a word.
    """
    if look.away:
        return _judge_blind(look, before)
    stale = {row.symbol: row for row in stale_rows(look, stale_ms=stale_ms)}
    due = [row for row in stale.values() if _is_due(before.get(row.symbol), look)]
    heard = [row for row in look.rows if row.symbol in before and row.symbol not in stale]
    notices = [_silent(row, look) for row in due]
    notices += [_heard(row, before[row.symbol], look) for row in heard if row.pulse is not Pulse.HALTED]
    if EVERYTHING in before:
        notices.append(_notice(f"watched:{before[EVERYTHING].told_at_ms}", EVERYTHING, "watched again", look))
    known = {symbol: before[symbol] for symbol in stale if symbol in before}
    return tuple(notices), known | {row.symbol: Told(row.heard_at_ms, look.process_ms) for row in due}


def _judge_blind(look: Look, before: Memory) -> tuple[tuple[Notice, ...], Memory]:
    if not _is_due(before.get(EVERYTHING), look):
        return (), before
    what = f"not watched: {' and '.join(look.away)} does not answer"
    told = Told(None, look.process_ms)
    return (_notice(f"blind:{look.process_ms}", EVERYTHING, what, look),), {**before, EVERYTHING: told}


def _is_due(told: Told | None, look: Look) -> bool:
    return told is None or look.process_ms - told.told_at_ms >= REMIND_MS


def _silent(row: Vital, look: Look) -> Notice:
    so_long = "nothing was ever heard of it" if row.age_ms is None else f"nothing was heard for {row.age_ms // 1_000} s"
    return _notice(f"silent:{row.symbol}:{row.heard_at_ms or 0}", row.symbol, f"silent: {so_long}", look)


def _heard(row: Vital, told: Told, look: Look) -> Notice:
    return _notice(f"heard:{row.symbol}:{told.since_ms or 0}", row.symbol, "heard again", look)


def _notice(notice_id: str, subject: str, what: str, look: Look) -> Notice:
    name = "all symbols" if subject == EVERYTHING else subject
    return Notice(notice_id, name, look.process_ms if look.as_of_ms is None else look.as_of_ms, what)
