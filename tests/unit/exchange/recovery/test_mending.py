import itertools
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.market_truth import markets, minute_of, row, traded
from wickstream.binance.rest import Aggregate
from wickstream.candle import Origin
from wickstream.events import Source, Trade
from wickstream.exchange.recovery.mending import (
    Cutter,
    Span,
    agrees,
    clipped,
    flat,
    ids_of,
    joined,
    missing,
    of_aggregates,
    of_trades,
)
from wickstream.exchange.sequencing.arrival import Arrival

ids = st.sets(st.integers(0, 60))


def arrivals(trades: list[Trade]) -> list[Arrival]:
    return [
        Arrival.of(trade, b'{"e":"trade","E":1,"s":"%b","t":%d,"p":"%b","q":"%b","T":%d,"m":%b,"M":true}'
                   % (trade.symbol.encode(), trade.trade_id, str(trade.price).encode(), str(trade.quantity).encode(),
                      trade.traded_at_ms, b"true" if trade.buyer_is_maker else b"false"), Source.REST, 0)
        for trade in trades
    ]  # fmt: skip


def spans(of: set[int]) -> tuple[Span, ...]:
    return joined(Span(one, one) for one in sorted(of))


def members(of: list[Span]) -> list[int]:
    return [one for span in of for one in range(span.first, span.last + 1)]


@given(ids, st.integers(0, 60), st.integers(0, 60))
def test_ids_are_either_there_or_missing(present: set[int], first: int, size: int) -> None:
    within = Span(first, first + size)
    whole = set(range(within.first, within.last + 1))

    lacking, there = list(missing(spans(present), within)), list(clipped(spans(present), within))

    assert members(lacking) == sorted(whole - present)
    assert members(there) == sorted(whole & present)
    assert lacking == list(spans(whole - present))


@given(ids)
def test_neighbours_are_one_span(present: set[int]) -> None:
    runs = spans(present)

    assert members(list(runs)) == sorted(present)
    assert all(a.last + 1 < b.first for a, b in itertools.pairwise(runs))


@given(markets(off_book=False), st.integers(1, 9))
def test_pages_of_any_size_are_cut_into_the_same_minutes(market: list[Trade], size: int) -> None:
    cutter, found = Cutter[Arrival](), []
    for at in range(0, len(market), size):
        found += list(cutter.take(arrivals(market[at : at + size])))
    found.append(cutter.end())

    assert [one.trade_id for minute in found for one in minute] == [trade.trade_id for trade in market]
    opened = [minute_of(minute[0].trade) for minute in found]
    assert opened == sorted(set(opened))
    assert all({minute_of(one.trade) for one in minute} == {minute_of(minute[0].trade)} for minute in found)


def test_a_minute_of_aggregates_has_the_figures_of_its_trades() -> None:
    trades = [
        Trade("BTCUSDT", n, Decimal(price), Decimal(quantity), 1_723_161_600_000 + n, maker)
        for n, (price, quantity, maker) in enumerate(
            [("1.5", "2", True), ("1.5", "0.1", True), ("1.7", "3", False), ("1.4", "1", True)]
        )
    ]
    rows = [(0, 0, 1, "1.5", "2.1", True), (1, 2, 2, "1.7", "3", False), (2, 3, 3, "1.4", "1", True)]
    aggregates = [
        Aggregate("BTCUSDT", n, first, last, Decimal(price), Decimal(quantity), 1_723_161_600_000 + first, maker)
        for n, first, last, price, quantity, maker in rows
    ]

    from_trades = of_trades(arrivals(trades), published_at=9).candle
    from_aggregates = of_aggregates(aggregates, published_at=9)

    assert from_trades is not None
    assert from_aggregates.candle == msgspec.structs.replace(from_trades, origin=Origin.AGG)
    assert from_aggregates.present == (Span(0, 3),)


def test_off_book_trades_are_there_and_count_nowhere() -> None:
    both = arrivals(row(2))
    both[1] = msgspec.structs.replace(both[1], counts=False)

    minute = of_trades(both, published_at=0)

    assert minute.present == (Span(1_000, 1_001),)
    assert minute.trade_count == 1
    assert of_trades(both[1:], published_at=0).candle is None


def test_a_candle_agrees_to_the_last_digit_but_for_what_klines_round() -> None:
    ours = of_trades(arrivals(row(3)), published_at=0).candle
    assert ours is not None
    change = msgspec.structs.replace

    assert agrees(ours, change(ours, origin=Origin.EXCHANGE, first_trade_id=None, last_trade_id=None))
    assert agrees(ours, change(ours, quote_volume=ours.quote_volume + Decimal("0.00000003")))
    assert not agrees(ours, change(ours, quote_volume=ours.quote_volume + Decimal("0.00000004")))
    for name in ("open", "high", "low", "close", "volume", "taker_buy_volume"):
        assert not agrees(ours, change(ours, **{name: getattr(ours, name) + Decimal("0.00000001")})), name
    assert not agrees(ours, change(ours, trade_count=4))
    assert not agrees(ours, None)
    assert not agrees(None, ours)


def test_a_quiet_minute_is_the_empty_range_behind_the_last_id() -> None:
    kline = of_trades(arrivals([traded(7, 0)]), published_at=0).candle
    assert kline is not None

    candle = flat(kline, 41)

    assert (candle.first_trade_id, candle.last_trade_id, candle.origin) == (42, 41, Origin.TRADES)


def test_ids_of_items_are_those_of_their_trades() -> None:
    assert ids_of(arrivals(row(3))) == (Span(1_000, 1_002),)
