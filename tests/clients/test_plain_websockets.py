import json
import re
from collections.abc import Callable

import pytest

from tests.clients.environments import Seen
from tests.clients.exchanges import AS_CAPTURED, DEMO, LOOPED, SHORT_DAY, Own, Shared, Stories, TellAll
from tests.clients.truth import ALL_FRAMES, BTC, BTC_FRAMES, by_stream, captured, data_of

pytestmark = pytest.mark.clients

STORIES: Stories = {
    "day": Own(DEMO, rules=SHORT_DAY),
    "frames": Own(AS_CAPTURED, numbers=(ALL_FRAMES,)),
    "raw": Own(LOOPED, numbers=(BTC_FRAMES + 500,), symbols=("BTCUSDT",)),
    "control": Shared.DEMO,
    "pings": Shared.DEMO,
    "flood": Shared.DEMO,
    "refused": Shared.DEMO,
}


@pytest.fixture(scope="module")
def seen_in(tell_all: TellAll) -> Callable[[str], Seen]:
    return tell_all("plain_websockets", STORIES)


ANSWERS = [
    {"result": None, "id": 1},
    {"result": ["btcusdt@trade", "nosuch@trade"], "id": "2f1a9d0e-5a43-4d7c-8a0b-6d3b1f6f9c11"},
    {"result": None, "id": None},
    {"result": ["btcusdt@trade"], "id": 4},
    {"result": None, "id": 5},
    {"result": True, "id": 6},
    {"error": {"code": 0, "msg": "Unknown property"}, "id": 7},
    {"error": {"code": 1, "msg": "Invalid value type: expected Boolean"}, "id": 8},
]


def test_every_frame_of_the_captures_comes_through_byte_for_byte(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("frames")
    assert by_stream(seen["frame"]) == captured()


def test_a_raw_connection_gets_the_data_alone_and_a_loop_begins_anew_with_later_ids(
    seen_in: Callable[[str], Seen],
) -> None:
    recorded = [data_of(frame) for frame in captured()[BTC]]

    seen = seen_in("raw")["frame"]

    again = seen[len(recorded) :]
    assert seen[: len(recorded)] == recorded
    assert [unstamped(frame) for frame in again] == [unstamped(frame) for frame in recorded[:500]]
    last_id = json.loads(recorded[-1])["t"]
    assert [json.loads(frame)["t"] for frame in again] == list(range(last_id + 1, last_id + 501))
    moved_by = {json.loads(later)["T"] - json.loads(frame)["T"] for later, frame in zip(again, recorded, strict=False)}
    assert len(moved_by) == 1
    assert moved_by.pop() % 60_000 == 0


def unstamped(frame: str) -> str:
    """Every byte but those of times and id."""
    return re.sub(r'"([ETt])":\d+', r'"\1":', frame)


def test_control_messages_are_answered_as_the_exchange_answers(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("control")
    assert seen["answer"][:8] == ANSWERS
    refusals = [(answer["error"]["code"], answer["id"]) for answer in seen["answer"][8:]]
    assert refusals == [(2, 9), (3, None)]
    assert seen["after"][0]["stream"] == BTC


def test_a_ping_comes_back_with_its_payload(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("pings")
    assert len(seen["round trip"]) == len(seen["frame"]) == 1


def test_a_flood_is_closed_with_1008(seen_in: Callable[[str], Seen]) -> None:
    assert seen_in("flood")["end"] == [[1008, "Too many requests"]]


def test_a_path_that_is_none_is_refused_with_404(seen_in: Callable[[str], Seen]) -> None:
    assert seen_in("refused")["status"] == [404]


def test_the_day_of_a_connection_ends_with_1001(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("day")
    assert seen["end"] == [[1001, ""]]
