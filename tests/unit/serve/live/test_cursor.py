from hypothesis import given
from hypothesis import strategies as st

from tests.alerts import AT_MS, whale
from tests.scripted_source import trade_frame
from wickstream.bus.codec import encode
from wickstream.serve.live.cursor import Cursor
from wickstream.serve.live.messages import Message


def trade(trade_id: int, symbol: str = "BTCUSDT") -> Message:
    return Message(f"{symbol.lower()}@trade", trade_frame(trade_id, symbol))


def test_it_tells_how_far_each_stream_was_heard_and_is_read_again() -> None:
    cursor = Cursor()
    assert cursor.move([trade(5), trade(7, "ETHUSDT"), trade(6), Message("!alerts", encode(whale(3)))])
    assert str(cursor) == "btcusdt@trade=6/ethusdt@trade=7/!alerts=1723212202517:whale:BTCUSDT:3"
    again = Cursor(str(cursor))
    assert (again.last_id("btcusdt@trade"), again.last_id("xrpusdt@trade")) == (6, None)
    assert again.last_alert == (AT_MS, "whale:BTCUSDT:3")


def test_what_conflates_is_no_part_of_it() -> None:
    cursor = Cursor()
    assert not cursor.move([Message("btcusdt@ticker", b"{}", conflates=True)])
    assert str(cursor) == ""


def test_a_trade_that_lies_before_it_was_heard() -> None:
    cursor = Cursor("btcusdt@trade=6")
    assert [cursor.has_heard(trade(number)) for number in (5, 6, 7)] == [True, True, False]
    assert not cursor.has_heard(trade(5, "ETHUSDT"))


@given(st.text(max_size=60))
def test_whatever_a_client_makes_up_is_read_as_nothing_or_as_a_place(text: str) -> None:
    cursor = Cursor(text)
    assert Cursor(str(cursor))._at == cursor._at
