from collections.abc import Callable

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
    "rest": Shared.ENDED,
}


@pytest.fixture(scope="module")
def seen_in(tell_all: TellAll) -> Callable[[str], Seen]:
    return tell_all("python_binance", STORIES)


def test_frames_of_the_captures_come_through(seen_in: Callable[[str], Seen]) -> None:
    seen = by_stream(seen_in("frames")["frame"])
    assert seen == beginnings(seen)
    assert sum(map(len, seen.values())) == 5_000


def test_every_kind_of_socket_hears_its_own_messages(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("kinds")
    assert {kind: (message["e"], message["s"]) for kind, (message,) in seen.items()} == {
        kind: (kind, "BTCUSDT") for kind in ("trade", "aggTrade", "24hrTicker", "24hrMiniTicker", "kline")
    }


def test_streams_are_subscribed_listed_and_left_and_errors_are_nested(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("control")
    *answers, refusal = seen["answer"]
    assert answers == [
        {"result": ["btcusdt@trade"], "id": 1},
        {"result": None, "id": 2},
        {"result": None, "id": 3},
        {"result": ["ethusdt@trade", "nosuch@trade"], "id": 4},
    ]
    assert (refusal["id"], refusal["error"]["code"]) == (5, 2)
    assert seen["after"] == ["ETHUSDT"]


def test_the_end_of_a_connections_day_is_reported_and_outlived(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("day")
    assert seen["end"][0]["type"] == "ConnectionClosedOK"
    assert seen["after"][0] > seen["before"][-1] >= seen["before"][0]


def test_rest_answers_agree_with_the_captures_and_the_official_klines(seen_in: Callable[[str], Seen]) -> None:
    seen = {name: facts[0] for name, facts in seen_in("rest").items()}
    trades = captured_trades()
    assert seen["ping"] == {}
    assert seen["time"]["serverTime"] == max(trade["T"] for trade in trades + captured_trades(ETH))
    assert {row["symbol"] for row in seen["info"]["symbols"] if row["status"] == "TRADING"} == {"BTCUSDT", "ETHUSDT"}
    assert seen["symbol"]["baseAsset"] == "BTC"
    assert told_trades(seen["recent"]) == [as_rest(trade) for trade in trades[-3:]]
    assert told_trades(seen["historical"]) == [as_rest(trade) for trade in trades if 0 <= trade["t"] - HISTORICAL < 3]
    assert seen["aggregate"][-1]["l"] == seen["day"]["lastId"] == trades[-1]["t"]
    assert seen["klines"] == official_klines()
    assert seen["error"] == [400, -1121, "Invalid symbol."]


def told_trades(trades: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in trade.items() if name != "quoteQty"} for trade in trades]
