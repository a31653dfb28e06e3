from collections.abc import Callable

import pytest

from tests.clients.environments import Seen
from tests.clients.exchanges import AS_CAPTURED, DEMO, SHORT_DAY, Own, Shared, Stories, TellAll
from tests.clients.truth import ALL_FRAMES, by_stream, captured

pytestmark = pytest.mark.clients

STORIES: Stories = {
    "day": Own(DEMO, rules=SHORT_DAY),
    "frames": Own(AS_CAPTURED, numbers=(ALL_FRAMES,)),
    "control": Shared.DEMO,
}


@pytest.fixture(scope="module")
def seen_in(tell_all: TellAll) -> Callable[[str], Seen]:
    return tell_all("unicorn", STORIES)


def test_every_frame_of_the_captures_comes_through_byte_for_byte(seen_in: Callable[[str], Seen]) -> None:
    assert by_stream(seen_in("frames")["frame"]) == captured()


def test_streams_are_subscribed_listed_and_left_and_errors_are_nested(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("control")
    assert (seen["before"], seen["after"]) == (["BTCUSDT"], ["ETHUSDT"])
    assert seen["listed"] == [["btcusdt@trade", "ethusdt@trade", "nosuch@trade"], ["ethusdt@trade", "nosuch@trade"]]
    assert [(answer["id"], answer["error"]["code"]) for answer in seen["error"]] == [(99, 2)]


def test_the_end_of_a_connections_day_is_outlived(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("day")
    assert seen["signal"] == ["CONNECT", "FIRST_RECEIVED_DATA", "DISCONNECT", "CONNECT"]
    assert seen["after"] == ["BTCUSDT"]
