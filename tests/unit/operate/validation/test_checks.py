"""A market without a fault passes, and a fault of each kind is found by its check, on its row."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.judged_market import SYMBOL, clean_evidence, span_of
from tests.sample_market import MIDNIGHT_MS, a_candle
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.operate.validation import checks
from wickstream.operate.validation.evidence import Evidence, Span
from wickstream.store.lane.forming import LaneMinute

CHECKS: dict[str, checks.Check] = {
    "schema": checks.form,
    "freshness": checks.freshness,
    "chain": checks.chain,
    "sanity": checks.sanity,
    "completeness": checks.completeness,
    "agreement": checks.agreement,
}


def failing(evidence: Evidence, span: Span) -> set[str]:
    return {name for name, check in CHECKS.items() if next(check(evidence, span), None)}


def rows(check: str, evidence: Evidence, span: Span) -> set[int | None]:
    return {fault.open_time for fault in CHECKS[check](evidence, span)}


@given(clean_evidence())
def test_a_market_without_a_fault_passes(evidence: Evidence) -> None:
    assert failing(evidence, span_of(evidence)) == set()


def changed(evidence: Evidence, index: int, **fields: Any) -> Evidence:
    candles = list(evidence.candles)
    candles[index] = msgspec.structs.replace(candles[index], **fields)
    return replace(evidence, candles=candles)


def is_traded(candle: Candle) -> bool:
    return candle.first_trade_id is not None and candle.trade_count > 0


Change = Callable[[Candle], dict[str, Any]]
PLANTED: dict[str, tuple[str, Change]] = {
    "no number": ("schema", lambda c: {"volume": Decimal("NaN")}),
    "an end of another minute": ("schema", lambda c: {"close_time": c.close_time + MINUTE_MS}),
    "no room for its trades": ("schema", lambda c: {"last_trade_id": (c.first_trade_id or 0) + c.trade_count - 2}),
    "one id of two": ("schema", lambda c: {"first_trade_id": None}),
    "a high below the low": ("sanity", lambda c: {"high": c.low - 1}),
    "a close above the high": ("sanity", lambda c: {"close": c.high + 1}),
    "a price of nothing": ("sanity", lambda c: {"low": Decimal(0)}),
    "more bought than traded": ("sanity", lambda c: {"taker_buy_volume": c.volume + 1}),
    "a sum no price makes": ("sanity", lambda c: {"quote_volume": c.high * c.volume + 1}),
    "a volume without trades": ("sanity", lambda c: {"trade_count": 0}),
    "a trade lost": ("chain", lambda c: {"trade_count": c.trade_count - 1}),
    "an id lost at its beginning": (
        "chain",
        lambda c: {"first_trade_id": (c.first_trade_id or 0) + 1, "trade_count": c.trade_count - 1},
    ),
    "ids of the minute before": ("chain", lambda c: {"first_trade_id": (c.first_trade_id or 0) - 5}),
    "not closed": ("completeness", lambda c: {"closed": False}),
    "another volume than the lane's": ("agreement", lambda c: {"volume": c.volume + Decimal("0.00000001")}),
}


@pytest.mark.parametrize("planted", PLANTED)
@settings(max_examples=20)
@given(evidence=clean_evidence(), data=st.data())
def test_a_planted_fault_is_found_on_its_row(planted: str, evidence: Evidence, data: st.DataObject) -> None:
    check, change = PLANTED[planted]
    seen_whole = {minute.candle.open_time for minute in evidence.lane if minute.is_whole}
    wanted = [
        index
        for index, candle in enumerate(evidence.candles)
        if is_traded(candle) and index > 0 and (check != "agreement" or candle.open_time in seen_whole)
    ]
    if not wanted:
        return
    index = data.draw(st.sampled_from(wanted))
    hurt = changed(evidence, index, **change(evidence.candles[index]))
    assert evidence.candles[index].open_time in rows(check, hurt, span_of(evidence))


@settings(max_examples=40)
@given(clean_evidence(), st.data())
def test_a_minute_that_is_gone_is_missing_and_so_are_its_ids(evidence: Evidence, data: st.DataObject) -> None:
    inner = [index for index, candle in enumerate(evidence.candles[:-1]) if index]
    if not inner:
        return
    gone = data.draw(st.sampled_from(inner))
    rest = replace(evidence, candles=[*evidence.candles[:gone], *evidence.candles[gone + 1 :]])
    span = span_of(evidence)
    assert rows("completeness", rest, span) == {evidence.candles[gone].open_time}
    assert ("chain" in failing(rest, span)) == (evidence.candles[gone].trade_count > 0)


@settings(max_examples=40)
@given(clean_evidence())
def test_an_id_that_the_ledger_does_not_call_absent_breaks_the_chain(evidence: Evidence) -> None:
    absent = [gap for gap in evidence.gaps if gap.status is GapStatus.ABSENT]
    known = {(c.first_trade_id, c.last_trade_id) for c in evidence.candles if c.first_trade_id is not None}
    within = [gap for gap in absent[1:] if any(a < gap.ids.start < b for a, b in known if a and b)]
    if not within:
        return
    forgotten = replace(evidence, gaps=[gap for gap in evidence.gaps if gap is not within[0]])
    assert "chain" in failing(forgotten, span_of(evidence))


@settings(max_examples=40)
@given(clean_evidence(), st.integers(1, 10))
def test_a_standstill_is_stale_after_two_minutes(evidence: Evidence, minutes: int) -> None:
    span = span_of(evidence)
    later = replace(span, last_ms=span.last_ms + minutes * MINUTE_MS)
    assert bool(rows("freshness", evidence, later)) == (minutes > 2)
    assert not rows("freshness", evidence, replace(later, is_now=False))


def test_a_symbol_without_a_closed_candle_is_not_fresh_and_its_past_not_complete() -> None:
    now_ms = MIDNIGHT_MS + 10 * MINUTE_MS
    now, past = (Span.until(now_ms, start_ms=MIDNIGHT_MS, end_ms=end_ms) for end_ms in (None, MIDNIGHT_MS + MINUTE_MS))
    assert failing(Evidence(SYMBOL), now) == {"freshness"}
    assert failing(Evidence(SYMBOL), past) == {"completeness"}


def test_what_lies_between_two_times_of_being_followed_is_not_missing() -> None:
    before, after = a_candle(0), a_candle(5)
    span = Span(before.open_time, after.open_time, is_now=False)
    evidence = Evidence(SYMBOL, [before, after], first_closed_ms=before.open_time)
    assert failing(evidence, span) == {"chain", "completeness"}
    assert failing(replace(evidence, starts=[after.first_trade_id or 0]), span) == set()


def test_ids_that_are_open_in_the_ledger_are_told_as_such() -> None:
    before, after = a_candle(0), a_candle(2)
    entry = Gap(SYMBOL, 11, 20, None, MIDNIGHT_MS, GapStatus.OPEN)
    evidence = Evidence(SYMBOL, [before, after], [entry], first_closed_ms=before.open_time)
    (fault,) = checks.chain(evidence, Span(before.open_time, after.open_time, is_now=False))
    assert fault.what == "ids 11 to 20 are in no candle, 10 of them open in the ledger"


def test_a_minute_that_the_lane_saw_in_part_is_not_compared() -> None:
    kept = a_candle(0)
    seen = LaneMinute(is_whole=False, candle=msgspec.structs.replace(kept, volume=Decimal(1), closed=False))
    span = Span(kept.open_time, kept.open_time, is_now=False)
    assert not rows("agreement", Evidence(SYMBOL, [kept], lane=[seen]), span)
    whole = Evidence(SYMBOL, [kept], lane=[msgspec.structs.replace(seen, is_whole=True)])
    (fault,) = checks.agreement(whole, span)
    assert fault.what == "volume 4 here, 1 live"


def test_the_forming_candle_is_compared_at_the_same_trade_only() -> None:
    grown = a_candle(0, closed=False)
    behind = msgspec.structs.replace(grown, trade_count=9, last_trade_id=9, volume=Decimal(3))
    other = msgspec.structs.replace(grown, volume=Decimal(3))
    span = Span(grown.open_time, grown.open_time, is_now=True)
    assert not rows("agreement", Evidence(SYMBOL, [grown], forming=behind), span)
    assert rows("agreement", Evidence(SYMBOL, [grown], forming=other), span) == {grown.open_time}


def test_a_minute_is_due_half_a_minute_after_its_end() -> None:
    end = MIDNIGHT_MS + MINUTE_MS
    assert Span.until(end + 29_999, start_ms=MIDNIGHT_MS, end_ms=None).last_ms == MIDNIGHT_MS - MINUTE_MS
    assert Span.until(end + 30_000, start_ms=MIDNIGHT_MS, end_ms=None).last_ms == MIDNIGHT_MS
    asked = Span.until(end + 10 * MINUTE_MS, start_ms=MIDNIGHT_MS + 1, end_ms=end)
    assert (asked.first_ms, asked.last_ms, asked.is_now) == (end, end, False)
