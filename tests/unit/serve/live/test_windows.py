"""Windows against `candle.roll_up` of all minutes."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_market import MIDNIGHT_MS, a_candle
from wickstream.candle import Candle, roll_up, window_start
from wickstream.events import MINUTE_MS
from wickstream.serve.live.windows import Told, Windows

INTERVALS = ("1m", "3m", "5m", "15m", "1h")


def forming(number: int, trades: int) -> Candle:
    candle = a_candle(number, closed=False)
    last = (candle.first_trade_id or 0) + trades - 1
    return msgspec.structs.replace(candle, trade_count=trades, volume=Decimal(trades), last_trade_id=last)


def quiet(number: int) -> Candle:
    return msgspec.structs.replace(a_candle(number), trade_count=0, volume=Decimal(0), quote_volume=Decimal(0))


@st.composite
def runs(draw: st.DrawFn) -> tuple[str, int, list[Candle]]:
    """An interval, how many of the minutes are stored before we begin, and what comes, out of order by a little."""
    interval = draw(st.sampled_from(INTERVALS))
    count = draw(st.integers(2, 40))
    timed: list[tuple[float, Candle]] = []
    for number in range(count):
        if draw(st.booleans()):
            timed.append((number + 1 + draw(st.floats(0.01, 3)), quiet(number)))
            continue
        steps = draw(st.lists(st.integers(1, 9), unique=True, min_size=1, max_size=3).map(sorted))
        timed += [(number + step / 10, forming(number, step)) for step in steps]
        timed.append((number + 1 + draw(st.floats(0.01, 3)), a_candle(number)))
    coming = [candle for _, candle in sorted(timed, key=lambda one: one[0])]
    return interval, draw(st.integers(0, len(coming))), coming


def best(candles: list[Candle]) -> list[Candle]:
    held: dict[int, Candle] = {}
    for candle in candles:
        old = held.get(candle.open_time)
        if old is None or candle.version > old.version:
            held[candle.open_time] = candle
    return [held[open_time] for open_time in sorted(held)]


@given(runs())
def test_each_window_is_told_closed_once_and_as_roll_up_has_it(run: tuple[str, int, list[Candle]]) -> None:
    interval, stored, coming = run
    windows = Windows(interval)
    before = best(coming[:stored])
    newest = window_start((before[-1] if before else coming[0]).open_time, interval)
    told = windows.begin([candle for candle in before if window_start(candle.open_time, interval) == newest])
    for candle in coming[stored:]:
        told += windows.take(candle)
    whole = {candle.open_time: candle for candle in roll_up(best(coming), interval) if candle.open_time >= newest}
    closed = [said.candle for said in told if said.candle.closed]
    assert {candle.open_time: candle for candle in closed} == {
        open_time: candle for open_time, candle in whole.items() if candle.closed
    }
    assert len(closed) == len({candle.open_time for candle in closed})


@given(runs())
def test_what_is_forming_is_the_newest_window_as_roll_up_has_it_at_each_moment(
    run: tuple[str, int, list[Candle]],
) -> None:
    interval, _, coming = run
    windows = Windows(interval)
    windows.begin([])
    for number, candle in enumerate(coming, start=1):
        for said in windows.take(candle):
            now = {whole.open_time: whole for whole in roll_up(best(coming[:number]), interval)}
            assert said.candle == now[said.candle.open_time]
            assert said.candle.closed or said == Told(said.candle, is_newest=True)


def test_minutes_that_come_before_the_beginning_are_not_lost() -> None:
    windows = Windows("5m")
    assert windows.take(forming(3, 7)) == []
    told = windows.begin([a_candle(0), a_candle(1), a_candle(2), forming(3, 5)])
    assert [said.candle.trade_count for said in told] == [37]


def test_the_proof_of_an_earlier_window_may_come_later_than_the_next_ones_first_trade() -> None:
    windows = Windows("1m")
    windows.begin([forming(0, 5)])
    windows.take(forming(1, 1))
    assert windows.unproven == [MIDNIGHT_MS]
    assert windows.take(a_candle(0)) == [Told(a_candle(0), is_newest=False)]
    assert windows.take(a_candle(0)) == []
    assert windows.unproven == []


def test_a_window_with_a_halt_in_it_is_proven_by_what_is_stored() -> None:
    windows = Windows("3m")
    windows.begin([a_candle(0)])
    for number in (2, 3):
        windows.take(a_candle(number))
    assert windows.unproven == [MIDNIGHT_MS]
    proof = next(roll_up([a_candle(0), a_candle(2)], "3m", halts=frozenset({MIDNIGHT_MS + MINUTE_MS})))
    assert windows.prove(proof) == [Told(proof, is_newest=False)]
    assert windows.prove(proof) == []


def test_a_minute_inside_an_hour_that_was_read_whole_is_not_counted_twice() -> None:
    minutes = [a_candle(number) for number in range(60) if number != 30]
    hour = next(roll_up(minutes, "1h"))
    windows = Windows("1d")
    windows.begin([hour, a_candle(60)])
    assert windows.take(a_candle(30)) == []
    assert windows.is_stale
    told = windows.begin([next(roll_up([*minutes[:30], a_candle(30), *minutes[30:]], "1h")), a_candle(60)])
    assert [said.candle.trade_count for said in told] == [610]
    assert not windows.is_stale


def test_a_revised_minute_of_what_was_closed_is_read_anew() -> None:
    windows = Windows("5m")
    windows.begin([a_candle(0), a_candle(1)])
    assert windows.take(msgspec.structs.replace(a_candle(0), revision=1)) == []
    assert windows.is_stale


def test_windows_that_are_never_proven_are_given_up_after_a_while() -> None:
    windows = Windows("1m")
    windows.begin([])
    windows.take(forming(0, 1))
    windows.take(forming(1_000_000, 1))
    assert len(windows.unproven) < 100
