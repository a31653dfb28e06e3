"""Every id of an entry is accounted for once, whatever the market was and whatever a rung has of it."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.market_truth import MIDNIGHT_MS, SYMBOL, markets, row
from tests.unit.exchange.recovery.test_mending import arrivals
from wickstream.candle import Candle, Minute, Origin
from wickstream.events import MINUTE_MS, Gap, GapStatus, Trade
from wickstream.exchange.recovery.draft import Draft, Means, Step
from wickstream.exchange.recovery.mending import Cutter, Span, of_trades
from wickstream.exchange.sequencing.arrival import Arrival

MEANS = Means("rest", "historicalTrades")


def entry(first: int, last: int) -> Gap:
    return Gap(SYMBOL, first, last, None, MIDNIGHT_MS, GapStatus.OPEN, evidence="left to repair")


def klines_of(market: list[Trade], halted: set[int] = frozenset()) -> dict[int, Candle]:  # type: ignore[assignment]
    """The exchange's own: flat where nothing was traded, none where it was halted."""
    found: dict[int, Candle] = {}
    minutes: dict[int, Minute] = {}
    for trade in market:
        fresh = Minute.of(trade)
        minutes.setdefault(fresh.open_time, fresh).add(trade)
    zero, last = Decimal(0), min(minutes)
    for open_time in range(min(minutes), max(minutes) + MINUTE_MS, MINUTE_MS):
        if open_time in minutes:
            last = open_time
            found[open_time] = msgspec.structs.replace(minutes[open_time].candle(closed=True), origin=Origin.EXCHANGE)
        elif open_time not in halted:
            price = found[last].close
            found[open_time] = msgspec.structs.replace(
                found[last], open_time=open_time, close_time=open_time + MINUTE_MS - 1, trade_count=0, volume=zero,
                quote_volume=zero, taker_buy_volume=zero, taker_buy_quote_volume=zero,
                open=price, high=price, low=price,
            )  # fmt: skip
    return found


def settled(
    gap: Gap,
    served: list[Trade],
    klines: dict[int, Candle],
    absent: set[Span] = frozenset(),  # type: ignore[assignment]
) -> tuple[list[Step], Draft]:
    draft, cutter = Draft(gap, MEANS, absent=absent), Cutter[Arrival]()
    minutes = [*cutter.take(arrivals(served))]
    steps = []
    for items in [*minutes, cutter.end()]:
        draft.settle(of_trades(items, published_at=0), klines, newest_kline=max(klines))
        steps.append(draft.step())
    return steps, draft


def fates(gap: Gap, steps: list[Step]) -> dict[int, GapStatus]:
    found: dict[int, GapStatus] = {}
    for piece in [piece for step in steps for piece in step.pieces] + [s.rest for s in steps[-1:] if s.rest]:
        if piece.first_trade_id is not None and piece.last_trade_id is not None:
            for trade_id in range(piece.first_trade_id, piece.last_trade_id + 1):
                assert trade_id not in found
                found[trade_id] = piece.status
    assert gap.first_trade_id is not None
    assert gap.last_trade_id is not None
    assert sorted(found) == list(range(gap.first_trade_id, gap.last_trade_id + 1))
    return found


@given(markets(off_book=False), st.data())
def test_each_id_has_one_fate_and_only_what_is_proven_is_called_so(market: list[Trade], data: st.DataObject) -> None:
    """The exchange lacks some ids for good; the rung lacks some more."""
    known = [trade.trade_id for trade in market]
    never = data.draw(st.sets(st.sampled_from(known[1:]), max_size=len(known) - 1))
    real = [trade for trade in market if trade.trade_id not in never]
    unserved = data.draw(st.sets(st.sampled_from([trade.trade_id for trade in real]), max_size=3))
    served = [trade for trade in real if trade.trade_id not in unserved] or real[:1]
    first = data.draw(st.sampled_from(known))
    last = data.draw(st.sampled_from([one for one in known if one >= first]))
    gap, klines = entry(first, last), klines_of(real)
    # The page lacks what was never traded and what is not served alike: both look absent to whoever asks.
    there = {trade.trade_id for trade in served}
    lacking = [Span(a, b) for a in range(first, last + 1) for b in range(a, last + 1)
               if not there & set(range(a, b + 1))]  # fmt: skip

    steps, _ = settled(gap, served, klines, absent=set(lacking))
    found = fates(gap, steps)

    assert {one.trade_id for step in steps for one in step.trades} == {
        trade_id for trade_id, status in found.items() if status is GapStatus.REPAIRED
    }
    assert not [one for one, status in found.items() if status is GapStatus.ABSENT and one not in never]
    for step in steps:
        for candle in step.candles:
            theirs = klines[candle.open_time]
            assert (candle.trade_count, candle.close) == (theirs.trade_count, theirs.close)


def test_a_market_that_is_served_whole_is_repaired_whole() -> None:
    market = row(200, every_ms=1_000)
    gap = entry(market[30].trade_id, market[130].trade_id)

    steps, _ = settled(gap, market, klines_of(market))

    assert set(fates(gap, steps).values()) == {GapStatus.REPAIRED}
    assert [c.open_time - MIDNIGHT_MS for step in steps for c in step.candles] == [0, 60_000, 120_000, 180_000]
    assert steps[-1].rest is None


def test_a_minute_whose_kline_has_more_trades_stays_open_with_both_counts() -> None:
    market = row(120)
    gap = entry(market[70].trade_id, market[80].trade_id)

    steps, _ = settled(gap, market[:75] + market[76:], klines_of(market), absent={Span(1_075, 1_075)})

    (piece,) = [piece for step in steps for piece in step.pieces]
    assert piece.status is GapStatus.OPEN
    assert piece.evidence == "historicalTrades has 59 trades of 2024-08-09 00:01, its kline has 60"
    assert [c.open_time - MIDNIGHT_MS for step in steps for c in step.candles] == [0]


def test_a_minute_without_a_kline_while_a_later_one_exists_was_a_halt() -> None:
    market = [*row(10), *row(10, first=1_010)]
    market[10:] = [msgspec.structs.replace(trade, traded_at_ms=trade.traded_at_ms + 180_000) for trade in market[10:]]
    halted = {MIDNIGHT_MS + 60_000}
    gap = entry(1_005, 1_015)

    steps, _ = settled(gap, market, klines_of(market, halted))

    (halt,) = [piece for step in steps for piece in step.pieces if piece.status is GapStatus.HALTED]
    assert (halt.open_time, halt.first_trade_id) == (MIDNIGHT_MS + 60_000, None)
    quiet = [c for step in steps for c in step.candles if c.trade_count == 0]
    assert [(c.open_time - MIDNIGHT_MS, c.first_trade_id, c.last_trade_id) for c in quiet] == [(120_000, 1_010, 1_009)]


def test_ids_between_two_minutes_are_absent_only_if_nothing_can_hide_there() -> None:
    """An id missing between the last trade of one minute and the first of another belongs to neither."""
    market = row(120)
    without = [trade for trade in market if trade.trade_id != 1_060]
    gap, lost = entry(1_060, 1_060), {Span(1_060, 1_060)}

    whole, _ = settled(gap, without, klines_of(without), absent=lost)
    hidden, _ = settled(gap, without, klines_of(market), absent=lost)
    headless, _ = settled(gap, without[60:], klines_of(without), absent=lost)

    assert fates(gap, whole) == {1_060: GapStatus.ABSENT}
    assert fates(gap, hidden) == {1_060: GapStatus.OPEN}
    assert fates(gap, headless) == {1_060: GapStatus.OPEN}


def test_ids_that_were_not_asked_for_twice_stay_open_though_the_candle_is_whole() -> None:
    market = [trade for trade in row(120) if trade.trade_id != 1_070]
    gap = entry(1_065, 1_075)

    steps, _ = settled(gap, market, klines_of(market))

    assert [one for one, status in fates(gap, steps).items() if status is GapStatus.OPEN] == [1_070]
    assert len([c for step in steps for c in step.candles]) == 2


def test_a_minute_is_given_once_however_many_parts_touch_it() -> None:
    market, done = row(120), set[int]()
    for part in (entry(1_005, 1_006), entry(1_010, 1_011)):
        draft = Draft(part, MEANS, minutes_done=done)
        draft.settle(of_trades(arrivals(market[:60]), published_at=0), klines_of(market), newest_kline=MIDNIGHT_MS)
        assert len(draft.step().candles) == (1 if part.first_trade_id == 1_005 else 0)
