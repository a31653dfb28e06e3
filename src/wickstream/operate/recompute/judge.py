"""What an answer makes of a case: candles, entries of ids that are missing, or nothing yet. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from wickstream.candle import Candle
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.exchange.recovery.mending import Span, agrees, flat, missing
from wickstream.operate.recompute.question import Answer
from wickstream.operate.worklist import unsettled
from wickstream.store.ledger.bookkeeping import Kind
from wickstream.store.ledger.cases import Case


@dataclass(frozen=True)
class Verdict:
    """What becomes known.

    Attributes:
        candles: closed, of revision 0.
        entries: ids found missing, and halted minutes.
        needs_klines: all ids are here, and no mark proves the minutes: the exchange's klines have to.
        lacking: minutes of which the exchange had a later kline and none, for the first time.
        note: what stands against a proof; None: nothing.
        trouble: who failed to answer.
    """

    candles: tuple[Candle, ...] = ()
    entries: tuple[Gap, ...] = ()
    needs_klines: bool = False
    lacking: tuple[int, ...] = ()
    note: str | None = None
    trouble: str | None = None


def awaits_ids(case: Case) -> bool:
    """Tell whether some of its ids are known to be missing: the ladder is at it, and gives the candles too."""
    return any(gap.size for gap in unsettled(case.listed))


def judge(case: Case, answer: Answer) -> Verdict:
    """By what is here: the mark's proof, or what is missing for one."""
    closed = tuple(candle for candle in answer.candles if candle.closed)
    if closed:
        return Verdict(candles=closed)
    if case.is_proven and answer.lacking:  # its trades are not kept any more
        return Verdict(note="kept as stored: its trades are not here any more")
    news = tuple(_news(case, answer))
    if news:
        ids = sum(gap.size for gap in news)
        return Verdict(entries=news, note=f"{ids} of its trades are neither in Kafka nor in the archive")
    if awaits_ids(case):
        return Verdict(note="some of its trades are being looked for")
    return Verdict(needs_klines=True)


def _news(case: Case, answer: Answer) -> Iterator[Gap]:
    """Of the ids that are not here those that no entry tells of, but one that says they are."""
    told = [Span(gap.ids[0], gap.ids[-1]) for gap in unsettled(case.listed)]
    told += [Span(*ids) for ids in case.ids_that_are(GapStatus.ABSENT)]
    for first, last in answer.lacking:
        for span in missing(sorted(told), Span(first, last)):
            yield _missing(case, span)


def _missing(case: Case, span: Span) -> Gap:
    """The same whenever it is found: as of the end of the minute they were found missing in."""
    found_in = case.last_open if case.kind is Kind.UNCLOSED else case.last_open + MINUTE_MS
    return Gap(
        symbol=case.symbol,
        first_trade_id=span.first,
        last_trade_id=span.last,
        open_time=None,
        detected_at=found_in + MINUTE_MS - 1,
        status=GapStatus.OPEN,
        evidence=f"neither in Kafka nor in the archive; {_clock(case.first_open)}: {case.stored}",
    )


def by_klines(
    case: Case, answer: Answer, klines: Mapping[int, Candle], *, newest_kline: int, lacked: Collection[int] = ()
) -> Verdict:
    """Where every id is here, but no mark counts them: a candle has to equal the exchange's kline (rule 7).

    `klines`: the closed ones of the case's minutes; `newest_kline`: open time of the newest the exchange has; `lacked`:
    minutes that an earlier answer lacked, while it had a later one. A halt takes two (rule 5): one may be late.
    """
    found = {candle.open_time: candle for candle in answer.candles}
    candles, unheard, last_id = [], [], case.first_id - 1
    for minute in case.minutes:
        ours, theirs = found.get(minute), klines.get(minute)
        if ours is not None and ours.last_trade_id is not None:
            last_id = ours.last_trade_id
            if agrees(ours, theirs):
                candles.append(msgspec.structs.replace(ours, closed=True))
        elif theirs is not None and not theirs.trade_count:
            candles.append(flat(theirs, last_id))
        elif theirs is None and minute < newest_kline:
            unheard.append(minute)
    halts = [_halt(case, minute) for minute in unheard if minute in lacked]
    return _of_wanted(case, candles, halts, lacking=[minute for minute in unheard if minute not in lacked])


def _of_wanted(case: Case, candles: list[Candle], halts: list[Gap], *, lacking: list[int]) -> Verdict:
    kept = tuple(candle for candle in candles if candle.open_time in case.wanted)
    halted = tuple(halt for halt in halts if halt.open_time in case.wanted)
    left = len(case.wanted) - len(kept) - len(halted)
    return Verdict(
        candles=kept,
        entries=halted,
        lacking=tuple(minute for minute in lacking if minute in case.wanted),
        note=f"{left} minutes do not equal the exchange's klines" if left else None,
    )


def _halt(case: Case, minute: int) -> Gap:
    return Gap(
        symbol=case.symbol,
        first_trade_id=None,
        last_trade_id=None,
        open_time=minute,
        detected_at=case.last_open + 2 * MINUTE_MS - 1,
        status=GapStatus.HALTED,
        evidence="the exchange has a later kline and none for this minute",
    )


def _clock(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d %H:%M}"
