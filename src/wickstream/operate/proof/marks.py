"""Marks against the candles they closed: the same ids, as many of them, at the same last price. Pure."""

from collections.abc import Iterable, Iterator

from wickstream.events import Mark
from wickstream.exchange.sequencing.id_hash import hash_of_run
from wickstream.operate.validation.evidence import Fault
from wickstream.store.ledger.bookkeeping import Marked, agrees
from wickstream.store.warm.audit_reads import MarkedMinute


def mark_faults(minutes: Iterable[MarkedMinute], *, settled_ms: int) -> Iterator[Fault]:
    """What is wrong with a mark, or with its candle.

    `settled_ms`: of a mark that was published then or later, the candle may be on its way.
    """
    for minute in minutes:
        if what := _against_candle(minute, settled_ms) or _within(minute.mark):
            yield Fault(minute.mark.symbol, minute.mark.open_time, what)


def _against_candle(minute: MarkedMinute, settled_ms: int) -> str | None:
    mark, held = minute.mark, minute.held
    said = f"its mark tells of {mark.trade_count} trades of ids {mark.first_trade_id} to {mark.last_trade_id}"
    if held is None or not held.closed:
        is_due = minute.written_at is None or minute.written_at < settled_ms
        return f"{said}, and no candle of it is closed" if is_due else None
    if not agrees(Marked(mark.trade_count, mark.first_trade_id, mark.last_trade_id), held):
        return f"{said}, the candle of {held.trade_count} of ids {held.first_trade_id} to {held.last_trade_id}"
    if held.trade_count == mark.trade_count and minute.close != mark.close:
        return f"close {mark.close} in its mark, {minute.close} in the candle"
    return None


def _within(mark: Mark) -> str | None:
    """A mark says some things twice; of ids with a gap between them, sum and hash cannot be told from the ends."""
    first, last = mark.first_trade_id, mark.last_trade_id
    if mark.next_trade_id <= last:
        return f"its mark lets a restart go on at id {mark.next_trade_id}, and itself goes to {last}"
    if mark.trade_count != last - first + 1:
        return None
    if mark.id_sum != (first + last) * mark.trade_count // 2:
        return f"the sum of ids {first} to {last} is not {mark.id_sum}, as its mark says"
    if mark.id_hash and mark.id_hash != hash_of_run(first, last):  # 0: from before there was one
        return f"the hash of ids {first} to {last} is not {mark.id_hash}, as its mark says"
    return None
