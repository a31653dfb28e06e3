from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.local.made_trades import trade
from wickstream.binance.frames import parse_trade
from wickstream.errors import MalformedFrame
from wickstream.exchange.local.faults.frame_faults import (
    BadJson,
    Delay,
    Drop,
    Duplicate,
    Frame,
    Oversize,
    Shuffle,
    Stall,
    WrongTime,
    WrongTypes,
)

FRAME = Frame("btcusdt@trade", trade(7, 1_723_161_255_342).data)


def test_streams_are_chosen_by_patterns() -> None:
    fault = Stall(streams=("btcusdt@*", "*@ticker"))
    assert fault.is_meant(Frame("btcusdt@trade", b""))
    assert fault.is_meant(Frame("ethusdt@ticker", b""))
    assert not fault.is_meant(Frame("ethusdt@trade", b""))


def test_what_is_stalled_or_dropped_does_not_come() -> None:
    assert Stall().change(FRAME, Random(1)) == ()
    assert Drop(share=0.5).change(FRAME, Random(1)) == ()


@given(st.integers(), st.integers(1, 3))
def test_copies_come_after_the_frame_and_within_the_time(seed: int, copies: int) -> None:
    first, *more = Duplicate(copies=copies, within_ms=50).change(FRAME, Random(seed))
    assert first == FRAME
    assert [copy.data for copy in more] == [FRAME.data] * copies
    assert all(0 <= copy.held_s <= 0.05 for copy in more)


@given(st.integers())
def test_holding_back_adds_up(seed: int) -> None:
    held = FRAME._replace(held_s=1.0)
    [shuffled] = Shuffle(within_ms=50).change(held, Random(seed))
    [late] = Delay(by_s=2).change(held, Random(seed))
    assert 1.0 <= shuffled.held_s <= 1.05
    assert late.held_s == 3.0


@pytest.mark.parametrize("fault", [BadJson(), WrongTypes()])
@given(seed=st.integers())
def test_nobody_can_use_a_spoilt_frame(fault: BadJson | WrongTypes, seed: int) -> None:
    [spoilt] = fault.change(FRAME, Random(seed))
    with pytest.raises(MalformedFrame):
        parse_trade(spoilt.data)


@given(st.integers())
def test_spoilt_frames_are_text(seed: int) -> None:
    [spoilt] = BadJson().change(FRAME, Random(seed))
    spoilt.data.decode()


def test_beside_the_good_frame_comes_the_spoilt_one() -> None:
    good, spoilt = BadJson(in_place=False).change(FRAME, Random(1))
    assert good == FRAME
    assert spoilt.data != FRAME.data


def test_an_oversize_frame_has_just_the_size() -> None:
    [spoilt] = Oversize(size_bytes=5_000).change(FRAME, Random(1))
    assert len(spoilt.data) == 5_000
    assert msgspec.json.decode(spoilt.data)["t"] == 7


@pytest.mark.parametrize(
    ("fault", "traded_at", "event_at"),
    [
        (WrongTime(to_ms=0), 0, 1_723_161_255_343),
        (WrongTime(by_s=5), 1_723_161_260_342, 1_723_161_255_343),
        (WrongTime(by_s=-3_600), 1_723_157_655_342, 1_723_161_255_343),
        (WrongTime(by_s=86_400, fields="ET"), 1_723_247_655_342, 1_723_247_655_343),
        (WrongTime(to_ms=10**13, fields="E"), 1_723_161_255_342, 10**13),
    ],
)
def test_times_are_moved_or_set(fault: WrongTime, traded_at: int, event_at: int) -> None:
    [spoilt] = fault.change(FRAME, Random(1))
    event = msgspec.json.decode(spoilt.data)
    assert (event["t"], event["T"], event["E"]) == (7, traded_at, event_at)


def test_times_in_microseconds_stay_in_microseconds() -> None:
    frame = FRAME._replace(data=b'{"e":"trade","t":7,"T":1723161255342001}')
    [spoilt] = WrongTime(by_s=5).change(frame, Random(1))
    assert spoilt.data == b'{"e":"trade","t":7,"T":1723161260342001}'
