from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.clients.environments import Seen
from tests.clients.exchanges import AS_CAPTURED, DEMO, SHORT_DAY, Own, Shared, Stories, TellAll
from tests.clients.truth import ETH, HISTORICAL, as_rest, beginnings, by_stream, captured_trades, official_klines

pytestmark = pytest.mark.clients

STORIES: Stories = {
    "day": Own(DEMO, rules=SHORT_DAY),
    "frames": Own(AS_CAPTURED, numbers=(5_000,)),
    "kinds": Shared.DEMO,
    "control": Shared.DEMO,
    "microseconds": Shared.DEMO,
    "rest": Shared.ENDED,
}


@pytest.fixture(scope="module")
def seen_in(tell_all: TellAll) -> Callable[[str], Seen]:
    return tell_all("binance_sdk_spot", STORIES)


def test_frames_of_the_captures_come_through(seen_in: Callable[[str], Seen]) -> None:
    seen = by_stream(seen_in("frames")["frame"])
    assert seen == beginnings(seen)
    assert sum(map(len, seen.values())) == 5_000


def test_its_own_models_read_every_kind_of_stream_and_nothing_is_left_over(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("kinds")
    assert {kind: (message["e"], message["s"]) for kind, (message,) in seen.items()} == {
        kind: (kind, "BTCUSDT") for kind in ("trade", "aggTrade", "24hrTicker", "24hrMiniTicker", "kline")
    }
    assert unknown_fields(list(seen.values())) == []


def test_streams_are_subscribed_listed_and_left_and_errors_are_nested(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("control")
    assert seen["before"] == ["BTCUSDT"]
    assert seen["listed"] == [["nosuch@trade", "btcusdt@trade"], ["nosuch@trade", "ethusdt@trade"]]
    assert [error["code"] for error in seen["error"]] == [2]
    assert seen["after"] == ["ETHUSDT"]


def test_pings_and_pongs_keep_a_connection_to_the_end_of_its_day(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("day")
    assert all(payload.isdigit() for payload in seen["ping"])
    assert len(seen["ping"]) >= 3
    assert seen["pong"] == [""]
    assert len(seen["before"]) > 0, seen
    assert seen["end"] == [0]  # the SDK has taken the connection out of its pool


def test_its_own_models_read_rest_answers_that_agree_with_the_captures_and_the_official_klines(
    seen_in: Callable[[str], Seen],
) -> None:
    seen = {name: facts[0] for name, facts in seen_in("rest").items()}
    trades = captured_trades()
    assert seen["time"]["serverTime"] == max(trade["T"] for trade in trades + captured_trades(ETH))
    assert {row["symbol"]: row["status"] for row in seen["info"]["symbols"]} == dict.fromkeys(
        ("BTCUSDT", "ETHUSDT"), "TRADING"
    )
    assert told_trades(seen["recent"]) == [as_rest(trade) for trade in trades[-3:]]
    assert told_trades(seen["historical"]) == [as_rest(trade) for trade in trades if 0 <= trade["t"] - HISTORICAL < 3]
    assert seen["aggregate"][-1]["l"] == seen["day"]["actual_instance"]["lastId"] == trades[-1]["t"]
    assert seen["klines"] == official_klines()
    assert seen["error"] == "(-1121, 'Invalid symbol.')"
    assert unknown_fields(list(seen.values())) == []


def test_no_field_of_its_own_models_is_absent_but_those_of_other_ways_to_ask(seen_in: Callable[[str], Seen]) -> None:
    absent = {name: fields for name, fields in seen_in("rest")["absent"] if fields}
    # `count` belongs to the WebSocket API, exponents to the binary form, `sors` to the routing of orders.
    assert absent == {"info": ["count", "multiplier_exponent", "price_exponent", "qty_exponent", "sors"]}


def test_times_come_in_microseconds_if_it_asks_for_them(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("microseconds")
    assert all(moment > 10**15 for moment in (*seen["time"], *seen["trade"]))


def test_every_rest_answer_says_what_weight_is_used(seen_in: Callable[[str], Seen]) -> None:
    weights = [used for (used,) in seen_in("rest")["weight"]]
    spent = [later - earlier for earlier, later in pairwise(weights)]
    expected = [1, 20, 25, 25, 4, 2, 2]
    # A minute may end in between, and the count begin anew.
    assert sum(weight != wanted for weight, wanted in zip(spent, expected, strict=True)) <= 1


def told_trades(trades: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: trade[name] for name in as_rest(captured_trades()[0])} for trade in trades]


def unknown_fields(told_models: Any) -> list[Any]:
    """What the SDK's models had no field for, anywhere in what it told."""
    if isinstance(told_models, list):
        return [field for part in told_models for field in unknown_fields(part)]
    if not isinstance(told_models, dict):
        return []
    own = [told_models["additional_properties"]] if told_models.get("additional_properties") else []
    return own + [field for part in told_models.values() for field in unknown_fields(part)]
