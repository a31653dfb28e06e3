import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.exchange.local.made_markets import made_world
from wickstream.exchange.local.market.generator import generate, traded_at_first
from wickstream.exchange.local.market.market_plan import MarketPlan
from wickstream.exchange.local.market.recording import Recording
from wickstream.exchange.local.market.tape import Tape

SMALL = MarketPlan(symbols=30, rate=20, seed=7)
MARKET = generate(SMALL)
WORLD = made_world(SMALL)
seeds = st.integers(0, 2**63 - 1)


def _content(recording: Recording) -> list[tuple[str, bytes, bytes, bytes, bytes]]:
    return [
        (tape.symbol, bytes(tape.times), bytes(tape.prices), bytes(tape.quantities), bytes(tape.maker_buys))
        for tape in recording.tapes
    ]


@settings(max_examples=5)
@given(seeds)
def test_the_same_seed_gives_the_same_market_and_another_one_another(seed: int) -> None:
    one, again, other = (generate(MarketPlan(12, 2, number)) for number in (seed, seed, seed ^ 1))

    assert _content(one) == _content(again)
    assert (one.careers, one.instruments) == (again.careers, again.instruments)
    assert _content(one) != _content(other)


def test_a_market_is_the_same_on_every_machine() -> None:
    [frame] = MARKET.tapes[0].frames(1_000, 1_001, by_ms=0, by_ids=0)

    assert frame == (
        b'{"e":"trade","E":194877,"s":"BTCUSDT","t":2987368,"p":"60001.80000000","q":"0.01236000","T":194876,"m":true,'
        b'"M":true}'
    )


@given(st.integers(-200_000, 200_000), st.sampled_from(sorted(WORLD.histories)))
def test_ids_are_consecutive_over_all_loops_and_times_never_go_back(number: int, symbol: str) -> None:
    history = WORLD.histories[symbol]
    number = min(max(number, history.first), (history.end or 10**9) - 2)

    this, following = history.trade(number), history.trade(number + 1)

    assert following.trade_id == this.trade_id + 1
    assert following.traded_at_ms >= this.traded_at_ms
    assert history.from_id(this.trade_id) == number
    assert history.before(this.traded_at_ms) <= number < history.until(this.traded_at_ms)


@settings(max_examples=10)
@given(seeds)
def test_amounts_lie_on_tick_and_step_and_a_loop_ends_where_the_next_begins(seed: int) -> None:
    market = generate(MarketPlan(10, 5, seed))

    for pair, tape in zip(market.instruments, market.tapes, strict=False):
        assert min(tape.prices) >= pair.tick
        assert not any(price % pair.tick for price in tape.prices)
        assert min(tape.quantities) >= pair.step
        assert not any(quantity % pair.step for quantity in tape.quantities)
        assert tape.prices[0] == pair.price
        assert abs(tape.prices[-1] - pair.price) <= max(13 * pair.tick, pair.price // 20_000)


def test_trades_come_in_the_wanted_number_and_in_the_share_of_their_rank() -> None:
    per_s = {tape.symbol: len(tape) * 1_000 / tape.repeat.period_ms for tape in MARKET.tapes if tape.repeat}

    assert sum(per_s.values()) == pytest.approx(SMALL.rate, rel=0.05)
    assert per_s["BTCUSDT"] == pytest.approx(2 * per_s["ETHUSDT"], rel=0.1)
    assert min(per_s.values()) < 1 / 240  # a quiet one


def test_most_trades_share_their_ms_with_a_neighbour() -> None:
    shares = [_share_of_one_ms(tape) for tape in MARKET.tapes[:10]]

    assert all(0.6 < share < 0.8 for share in shares)


def _share_of_one_ms(tape: Tape) -> float:
    times = [-1, *tape.times, -1]
    return sum(at in (before, after) for before, at, after in zip(times, times[1:], times[2:], strict=False)) / len(
        tape
    )


def test_nothing_is_traded_in_a_halt() -> None:
    halted = [(tape, MARKET.careers[tape.symbol].halts) for tape in MARKET.tapes if MARKET.careers[tape.symbol].halts]

    assert halted
    for tape, halts in halted:
        for halt in halts:
            assert halt.end_ms - halt.start_ms > 120_000  # a whole minute lies within
            assert not any(halt.start_ms <= time_ms < halt.end_ms for time_ms in tape.times)


def test_a_listing_begins_with_id_zero_and_a_delisted_symbol_ends() -> None:
    listed = [symbol for symbol, career in MARKET.careers.items() if career.listed_at_ms is not None]
    delisted = [symbol for symbol, career in MARKET.careers.items() if career.delisted_at_ms is not None]

    assert listed
    assert delisted
    assert set(traded_at_first(SMALL)) == set(MARKET.careers) - set(listed)
    for symbol in listed:
        history = WORLD.histories[symbol]
        since_ms = WORLD.starts_at_ms + (MARKET.careers[symbol].listed_at_ms or 0)
        assert history.trade(history.first).trade_id == 0
        assert history.trade(history.first).traded_at_ms >= since_ms
        assert (history.status(since_ms - 1), history.status(since_ms)) == (None, "TRADING")
    for symbol in delisted:
        history = WORLD.histories[symbol]
        until_ms = WORLD.starts_at_ms + (MARKET.careers[symbol].delisted_at_ms or 0)
        assert history.end is not None
        assert history.trade(history.end - 1).traded_at_ms < until_ms
        statuses = [history.status(until_ms + after_ms) for after_ms in (-1, 0, 59_999, 60_000)]
        assert statuses == ["TRADING", "BREAK", "BREAK", None]


def test_a_trade_takes_less_than_forty_bytes() -> None:
    tracemalloc.start()
    try:
        market = generate(MarketPlan(symbols=1, rate=8, seed=1))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held / len(market.tapes[0]) < 40
