from hypothesis import given
from hypothesis import strategies as st

from wickstream.serve.live.messages import Message
from wickstream.serve.live.outbox import Outbox

messages = st.builds(
    Message,
    st.sampled_from(["a", "b", "c"]),
    st.binary(max_size=5),
    conflates=st.booleans(),
    is_state=st.just(value=False),
)


@given(st.lists(messages))
def test_all_that_does_not_conflate_is_kept_in_order_and_of_the_rest_the_newest_of_each_stream(
    given_: list[Message],
) -> None:
    outbox = Outbox()
    for message in given_:
        outbox.add(message)
    newest = {message.stream: message for message in given_ if message.conflates}
    expected = [message for message in given_ if not message.conflates or newest[message.stream] is message]
    assert outbox.size_bytes == sum(len(message.data) for message in expected)
    assert outbox.take() == expected
    assert (len(outbox), outbox.size_bytes) == (0, 0)
