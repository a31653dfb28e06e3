from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.streams import (
    LIST_SUBSCRIPTIONS,
    MAX_CONTROL_BYTES,
    SUBSCRIBE,
    UNSUBSCRIBE,
    control_message,
    feed_streams,
    in_messages,
)


def test_each_symbol_has_its_trades_and_its_audit_in_lower_case() -> None:
    assert feed_streams(["BTCUSDT", "1INCHUSDT"]) == [
        "btcusdt@trade",
        "btcusdt@ticker",
        "1inchusdt@trade",
        "1inchusdt@ticker",
    ]


@given(st.lists(st.text(min_size=1, max_size=30) | st.text("abc测1", max_size=30), max_size=400))
def test_parts_fit_into_a_message_of_any_kind_and_lose_no_stream(streams: list[str]) -> None:
    parts = list(in_messages(streams))

    assert [stream for part in parts for stream in part] == streams
    assert all(len(control_message(UNSUBSCRIBE, part, request_id=10**9)) < MAX_CONTROL_BYTES for part in parts)


def test_the_question_for_what_is_subscribed_has_no_parameters() -> None:
    assert control_message(LIST_SUBSCRIPTIONS, (), request_id=3) == b'{"method":"LIST_SUBSCRIPTIONS","id":3}'


def test_few_streams_are_one_message() -> None:
    (part,) = in_messages(["a@trade", "a@ticker"])

    message = control_message(SUBSCRIBE, part, request_id=1)
    assert message == b'{"method":"SUBSCRIBE","params":["a@trade","a@ticker"],"id":1}'
