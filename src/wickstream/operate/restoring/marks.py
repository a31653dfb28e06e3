"""Marks that contradict a candle which proves itself: written anew from it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Mark
from wickstream.exchange.sequencing.id_hash import hash_of_run
from wickstream.operate.restoring.judgement import is_chained
from wickstream.store.warm.audit_reads import AuditReader
from wickstream.store.warm.database import PASSING, busy, connect
from wickstream.store.warm.marks import replace_marks


def mend_marks(settings: Settings, named: Mapping[str, Collection[int]], *, tell: Callable[[str], None]) -> list[str]:
    """Of these minutes, after their candles were mended; tells which marks stay as they are.

    Raises:
        StoreBusy: If PostgreSQL does not answer; run again, it goes on from there.
    """
    left: list[str] = []
    for symbol, minutes in sorted(named.items()):
        right = {mark.open_time: mark for mark in proven_marks(_candles(settings, symbol, minutes), minutes)}
        _replace(settings, list(right.values()))
        if right:
            tell(f"{symbol}: {len(right):,} marks written anew from their candles")
        left += [f"{symbol} {at}: no candle proves what its mark should say" for at in sorted({*minutes} - {*right})]
    return left


def proven_marks(candles: Mapping[int, Candle], minutes: Collection[int]) -> Iterator[Mark]:
    """Of minutes whose ids are unbroken, and follow on those of their neighbours. Pure.

    `candles`: closed ones of these minutes and their neighbours, by open time.
    """
    for at in sorted(minutes):
        candle = candles.get(at)
        if candle is not None and is_chained(candle, candles):
            first, last = candle.first_trade_id, candle.last_trade_id
            if first is not None and last is not None and candle.trade_count == last - first + 1:
                count, close = candle.trade_count, candle.close
                sums = ((first + last) * count // 2, hash_of_run(first, last))
                yield Mark(candle.symbol, at, first, last, count, *sums, close, last + 1)


def _candles(settings: Settings, symbol: str, minutes: Collection[int]) -> dict[int, Candle]:
    with AuditReader.open(settings) as reader:
        found = reader.candles(symbol, min(minutes) - MINUTE_MS, max(minutes) + MINUTE_MS)
    return {candle.open_time: candle for candle in found if candle.closed}


def _replace(settings: Settings, marks: Collection[Mark]) -> None:
    try:
        with closing(connect(settings)) as conn:
            replace_marks(conn, marks)
            conn.commit()
    except PASSING as exc:
        raise busy(exc) from exc
