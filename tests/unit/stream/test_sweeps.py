"""Taker orders out of batches that are cut anywhere, against what is found when all trades are there at once."""

from collections.abc import Iterable
from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from wickstream.stream.sweeps import Order, Trade, orders

UNITS = st.integers(1, 2**63 - 1)


@st.composite
def markets(draw: st.DrawFn) -> list[Trade]:
    """Of some symbols; few times and sides, and now and then a jump in the ids."""
    trades = []
    for symbol in draw(st.lists(st.sampled_from("ABC"), min_size=1, max_size=3, unique=True)):
        trade_id, time_ms = draw(st.integers(0, 5)), 1_700_000_000_000
        for _ in range(draw(st.integers(1, 20))):
            trade_id += draw(st.sampled_from([1, 1, 1, 1, 2]))
            time_ms += draw(st.sampled_from([0, 0, 1]))
            is_buy = draw(st.sampled_from([True, True, False]))
            trades.append(Trade(symbol, trade_id, time_ms, is_buy, draw(UNITS), draw(UNITS)))
    return trades


def facts_of(run: list[Trade]) -> tuple[object, ...]:
    first, last = run[0], run[-1]
    sums = (sum(trade.quantity for trade in run), sum(trade.price * trade.quantity for trade in run))
    sides = (first.traded_at_ms, first.is_taker_buy)
    return (first.symbol, first.trade_id, last.trade_id, len(run), *sides, first.price, last.price, *sums)


def told(order: Order) -> tuple[object, ...]:
    ids, sides = (order.first_trade_id, order.last_trade_id), (order.traded_at_ms, order.is_taker_buy)
    prices, sums = (order.first_price, order.last_price), (order.quantity, order.quote_value)
    return (order.symbol, *ids, order.trades, *sides, *prices, *sums)


def all_at_once(trades: Iterable[Trade]) -> set[tuple[object, ...]]:
    in_order = sorted(trades)
    run_of = [0]
    for before, trade in pairwise(in_order):
        is_next = (before.symbol, before.trade_id + 1) == (trade.symbol, trade.trade_id)
        is_same = is_next and (before.traded_at_ms, before.is_taker_buy) == (trade.traded_at_ms, trade.is_taker_buy)
        run_of.append(run_of[-1] + (not is_same))
    numbered = groupby(zip(run_of, in_order, strict=True), key=lambda pair: pair[0])
    return {facts_of([trade for _, trade in run]) for _, run in numbered}


@given(market=markets(), data=st.data())
def test_batches_cut_anywhere_tell_of_the_same_orders(market: list[Trade], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(market)), max_size=3)))
    last: list[Order] = []
    newest: dict[tuple[str, int], Order] = {}
    for start, end in pairwise([0, *cuts, len(market)]):
        again = data.draw(st.lists(st.sampled_from(market[:end]), max_size=3)) if end else []
        batch = data.draw(st.permutations([*market[start:end], *again]))
        grown, last = map(list, orders(batch, last))
        newest |= {(order.symbol, order.first_trade_id): order for order in grown}
    assert {told(order) for order in newest.values()} == all_at_once(market)
    assert {order.symbol for order in last} == {trade.symbol for trade in market}


def bought(symbol: str, trade_id: int) -> Trade:
    return Trade(symbol, trade_id, traded_at_ms=1, is_taker_buy=True, price=5, quantity=7)


def test_what_a_batch_repeats_of_the_one_before_has_not_grown() -> None:
    trades = [bought("A", trade_id) for trade_id in (1, 2, 3)]
    first = orders(trades, [])
    assert [order.trades for order in first.grown] == [3]
    assert orders(trades, first.last) == ([], first.last)


def test_a_symbol_that_has_no_trades_in_a_batch_keeps_its_last_order() -> None:
    first = orders([bought("A", 1)], [])
    between = orders([bought("B", 1)], first.last)
    (grown,) = orders([bought("A", 2)], between.last).grown
    assert (grown.first_trade_id, grown.trades) == (1, 2)
