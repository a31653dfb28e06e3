from collections.abc import Callable

import pytest

from tests.clients.environments import Seen
from tests.clients.exchanges import AS_CAPTURED, DEMO, SHORT_DAY, Own, Shared, Stories, TellAll
from tests.clients.truth import ETH, captured, captured_trades, data_of, official_klines

pytestmark = pytest.mark.clients

STORIES: Stories = {
    "day": Own(DEMO, rules=SHORT_DAY),
    "frames": Own(AS_CAPTURED, numbers=(5_000,)),
    "watch": Shared.DEMO,
    "rest": Shared.ENDED,
}


@pytest.fixture(scope="module")
def seen_in(tell_all: TellAll) -> Callable[[str], Seen]:
    return tell_all("ccxt_pro", STORIES)


def test_frames_of_the_captures_come_through(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("frames")["frame"]
    assert len(seen) >= 5_000
    for frames in captured().values():
        recorded = [data_of(frame) for frame in frames]
        own = [frame for frame in seen if symbol_of(frame) == symbol_of(recorded[0])]
        assert own == recorded[: len(own)]


def symbol_of(frame: str) -> str:
    return frame.partition('"s":"')[2].partition('"')[0]


def test_trades_ticker_and_candles_are_watched_and_one_is_left_while_another_goes_on(
    seen_in: Callable[[str], Seen],
) -> None:
    seen = {kind: facts[0] for kind, facts in seen_in("watch").items()}
    assert (seen["trade"]["symbol"], seen["trade"]["info"]["e"]) == ("BTC/USDT", "trade")
    assert (seen["ticker"]["symbol"], seen["ticker"]["timestamp"] % 1_000) == ("BTC/USDT", 0)
    assert (len(seen["kline"]), seen["kline"][0] % 60_000) == (6, 0)
    assert (seen["left"], seen["after"]) == (True, "ETH/USDT")
    assert seen["error"] == "binance does not have market symbol NO/SUCH"


def test_the_end_of_a_connections_day_is_reported_and_outlived(seen_in: Callable[[str], Seen]) -> None:
    seen = seen_in("day")
    assert seen["end"] == ["NetworkError: Connection closed by remote server, closing code 1001"]
    assert int(seen["after"][0]) > int(seen["before"][-1])


def test_rest_answers_agree_with_the_captures_and_the_official_klines(seen_in: Callable[[str], Seen]) -> None:
    seen = {name: facts[0] for name, facts in seen_in("rest").items()}
    newest = captured_trades()[-1]
    assert seen["time"] == max(newest["T"], captured_trades(ETH)[-1]["T"])
    assert {"BTC/USDT", "ETH/USDT"} < set(seen["symbols"])
    assert seen["symbol"]["baseAsset"] == "BTC"
    assert (seen["recent"][-1]["timestamp"], seen["recent"][-1]["price"]) == (newest["T"], float(newest["p"]))
    assert seen["klines"] == [[kline[0], *map(float, kline[1:6])] for kline in official_klines()]
    assert (seen["day"]["last"], seen["day"]["info"]["lastId"]) == (float(newest["p"]), newest["t"])
    assert seen["error"] == 'binance {"code":-1121,"msg":"Invalid symbol."}'
