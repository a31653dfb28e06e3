import msgspec
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.streams import MAX_CONTROL_BYTES, feed_streams, subscribe_messages


def test_each_symbol_has_its_trades_and_its_audit_in_lower_case() -> None:
    assert feed_streams(["BTCUSDT", "1INCHUSDT"]) == [
        "btcusdt@trade",
        "btcusdt@ticker",
        "1inchusdt@trade",
        "1inchusdt@ticker",
    ]


@given(st.lists(st.text("abc测1", min_size=1, max_size=30), max_size=400), st.integers(1, 10_000))
def test_messages_stay_below_what_the_exchange_cuts_and_lose_no_stream(streams: list[str], first_id: int) -> None:
    messages = list(subscribe_messages(streams, first_id=first_id))

    assert all(len(message) < MAX_CONTROL_BYTES for _, message in messages)
    decoded = [msgspec.json.decode(message) for _, message in messages]
    assert [stream for message in decoded for stream in message["params"]] == streams
    assert [message["id"] for message in decoded] == [number for number, _ in messages]
    assert [number for number, _ in messages] == list(range(first_id, first_id + len(messages)))


def test_few_streams_are_one_message() -> None:
    messages = list(subscribe_messages(["a@trade", "a@ticker"], first_id=1))

    assert messages == [(1, b'{"method":"SUBSCRIBE","params":["a@trade","a@ticker"],"id":1}')]
