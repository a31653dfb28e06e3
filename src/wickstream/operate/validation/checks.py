"""What must hold of stored candles. Pure: evidence in, faults out."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, zip_longest

from wickstream.candle import EXACT, Candle
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.operate.validation.evidence import Evidence, Fault, Span
from wickstream.store.lane.agreement import Comparison, compare, differences

STALE_MS = 2 * MINUTE_MS  # behind the newest minute that is due

_PRICES = ("open", "high", "low", "close")
_AMOUNTS = (*_PRICES, "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")

Check = Callable[[Evidence, Span], Iterator[Fault]]


def _fault(candle: Candle, what: str) -> Fault:
    return Fault(candle.symbol, candle.open_time, what)


def form(evidence: Evidence, span: Span) -> Iterator[Fault]:
    """Every row is a candle of one minute, whose ids have room for its trades."""
    for candle in evidence.candles:
        yield from (_fault(candle, what) for what in _malformations(candle))


def _malformations(candle: Candle) -> Iterator[str]:
    if candle.interval != "1m" or candle.open_time % MINUTE_MS:
        yield "is no minute"
    if candle.close_time != candle.open_time + MINUTE_MS - 1:
        yield f"ends at {candle.close_time}"
    if candle.trade_count < 0 or candle.revision < 0:
        yield "a count is negative"
    for name in _AMOUNTS:
        amount = getattr(candle, name)
        if not amount.is_finite():
            yield f"{name} is {amount}"
    first, last = candle.first_trade_id, candle.last_trade_id
    if (first is None) != (last is None):
        yield "one of two ids is missing"
    elif first is not None and last is not None and candle.trade_count > last - first + 1:
        yield f"{candle.trade_count} trades do not fit into ids {first} to {last}"


def sanity(evidence: Evidence, span: Span) -> Iterator[Fault]:
    """Prices, volumes and sums are such as trades can make."""
    for candle in evidence.candles:
        if all(getattr(candle, name).is_finite() for name in _AMOUNTS):
            yield from (_fault(candle, what) for what in _nonsense(candle))


def _nonsense(candle: Candle) -> Iterator[str]:
    low, high, taken = candle.low, candle.high, candle.taker_buy_volume
    if not 0 < low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= high:
        yield f"open {candle.open}, high {high}, low {low}, close {candle.close}"
    if not 0 <= taken <= candle.volume:
        yield f"takers bought {taken} of {candle.volume}"
    if (candle.volume > 0) != (candle.trade_count > 0):
        yield f"{candle.trade_count} trades and a volume of {candle.volume}"
    if candle.trade_count == 0 and low != high:
        yield "without a trade, and not flat"
    for name, volume in (("quote_volume", candle.volume), ("taker_buy_quote_volume", taken)):
        quote = getattr(candle, name)
        if not EXACT.multiply(low, volume) <= quote <= EXACT.multiply(high, volume):
            yield f"{name} {quote} is not {volume} at prices from {low} to {high}"


def freshness(evidence: Evidence, span: Span) -> Iterator[Fault]:
    """The newest closed candle, or halt, is at most `STALE_MS` older than what is due."""
    if not span.is_now:
        return
    newest = max((*(candle.open_time for candle in evidence.closed), *evidence.halts), default=None)
    if newest is None:
        yield Fault(evidence.symbol, None, "no closed candle in the range")
    elif newest < span.last_ms - STALE_MS:
        behind = (span.last_ms - newest) // MINUTE_MS
        yield Fault(evidence.symbol, newest, f"the newest closed candle is {behind} minutes behind what is due")


def completeness(evidence: Evidence, span: Span) -> Iterator[Fault]:
    """Every minute that is due is closed, or a halt; from the symbol's first closed candle on."""
    if evidence.first_closed_ms is None:
        if not span.is_now:  # else freshness says so
            yield Fault(evidence.symbol, None, "no closed candle of any time")
        return
    rows = {candle.open_time: candle for candle in evidence.candles}
    unfollowed = set(_unfollowed_minutes(evidence))
    for minute in span.minutes:
        candle = rows.get(minute)
        is_known = (candle is not None and candle.closed) or minute in evidence.halts or minute in unfollowed
        if minute > evidence.first_closed_ms and not is_known:
            yield Fault(evidence.symbol, minute, _lack(candle, evidence.gaps))


def _unfollowed_minutes(evidence: Evidence) -> Iterator[int]:
    """Those between two closed candles between which it was followed anew."""
    for before, after in pairwise(evidence.closed):
        if _is_start_between(before, after, evidence.starts):
            yield from range(before.open_time + MINUTE_MS, after.open_time, MINUTE_MS)


def _is_start_between(before: Candle, after: Candle, starts: Sequence[int]) -> bool:
    if before.last_trade_id is None or after.first_trade_id is None:
        return False
    return any(before.last_trade_id < start <= after.first_trade_id for start in starts)


def _lack(candle: Candle | None, gaps: Sequence[Gap]) -> str:
    if candle is None:
        return "no candle"
    if candle.first_trade_id is not None and candle.last_trade_id is not None:
        ids = range(candle.first_trade_id, candle.last_trade_id + 1)
        if _overlap(ids, [gap.ids for gap in gaps if gap.status is GapStatus.OPEN]):
            return f"open with {candle.trade_count} trades; ids of it are open in the ledger"
    return f"open with {candle.trade_count} trades"


def chain(evidence: Evidence, span: Span) -> Iterator[Fault]:
    """Ids go on from candle to candle, but for those that the ledger calls absent.

    Candles taken from the exchange have no ids; what they count must fit between their neighbours.
    """
    absent = _absences(evidence.gaps)
    before: Candle | None = None
    nameless = 0  # trades of candles without ids since `before`
    for candle in evidence.closed:
        if candle.first_trade_id is None or candle.last_trade_id is None:
            nameless += candle.trade_count
            continue
        ids = range(candle.first_trade_id, candle.last_trade_id + 1)
        if (counted := len(ids) - _overlap(ids, absent)) != candle.trade_count:
            yield _fault(candle, f"{candle.trade_count} trades, but {counted} ids that are not absent")
        if before is not None and not _is_start_between(before, candle, evidence.starts):
            yield from _step(before, candle, nameless, absent, evidence.gaps)
        before, nameless = candle, 0


def _step(
    before: Candle, candle: Candle, nameless: int, absent: Sequence[range], gaps: Sequence[Gap]
) -> Iterator[Fault]:
    expected, first = (before.last_trade_id or 0) + 1, candle.first_trade_id or 0
    if first < expected:
        yield _fault(candle, f"begins at id {first}, before the end {expected - 1} of the candle before it")
        return
    skipped = range(expected, first)
    if len(skipped) - _overlap(skipped, absent) != nameless:
        is_open = _overlap(skipped, [gap.ids for gap in gaps if gap.status is GapStatus.OPEN])
        known = f", {is_open} of them open in the ledger" if is_open else ""
        between = f", and {nameless} trades in candles without ids" if nameless else ""
        yield _fault(candle, f"ids {expected} to {first - 1} are in no candle{between}{known}")


def _absences(gaps: Sequence[Gap]) -> list[range]:
    """The ids proven absent; an entry says nothing of ids from where a later one begins within it."""
    named = sorted((gap for gap in gaps if gap.first_trade_id is not None), key=lambda gap: gap.ids.start)
    begins = [gap.ids.start for gap in named[1:]]
    return [
        range(gap.ids.start, gap.ids.stop if begin is None else min(gap.ids.stop, begin))
        for gap, begin in zip_longest(named, begins)
        if gap.status is GapStatus.ABSENT
    ]


def _overlap(ids: range, ranges: Sequence[range]) -> int:
    """How many of these ids lie in one of the ranges, which do not overlap."""
    return sum(max(0, min(ids.stop, other.stop) - max(ids.start, other.start)) for other in ranges)


def agreement(evidence: Evidence, span: Span) -> Iterator[Fault]:
    """The live lane and the stream counted the same: in minutes that both saw whole, and at the same trade of one."""
    yield from (_fault(kept, what) for kept, what in _comparison(evidence).differing)
    live = evidence.forming
    for candle in evidence.candles:
        if live is not None and live.open_time == candle.open_time and _counts(live) == _counts(candle):
            yield from (_fault(candle, what) for what in differences(live, candle))


def _counts(candle: Candle) -> tuple[int, int | None, int | None]:
    return (candle.trade_count, candle.first_trade_id, candle.last_trade_id)


def _comparison(evidence: Evidence) -> Comparison:
    return compare(evidence.lane, {candle.open_time: candle for candle in evidence.closed})


def compared(evidence: Evidence) -> int:
    """How many minutes `agreement` has to compare."""
    return _comparison(evidence).compared
