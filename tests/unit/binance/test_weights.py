import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.weights import WEIGHTS, weight_of

DAY = "/api/v3/ticker/24hr"


def named(count: int) -> str:
    return "symbols=[" + ",".join(f'"S{number}"' for number in range(count)) + "]"


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("/api/v3/ping", "", 1),
        ("/api/v3/exchangeInfo", "symbol=BTCUSDT", 20),
        ("/api/v3/klines", "symbol=BTCUSDT&interval=1m", 2),
        ("/api/v3/historicalTrades", "", 25),
        ("/api/v3/avgPrice", "symbol=BTCUSDT", 2),
        ("/api/v3/ticker/price", "symbol=BTCUSDT", 2),
        ("/api/v3/ticker/price", "", 4),
        ("/api/v3/ticker/price", named(1), 4),
        (DAY, "symbol=BTCUSDT", 2),
        (DAY, named(20), 2),
        (DAY, named(21), 40),
        (DAY, named(100), 40),
        (DAY, named(101), 80),
        (DAY, "type=MINI", 80),
        (DAY, "symbols=%5B%22A%22%2C%22B%22%5D", 2),
    ],
)
def test_weights_are_binances(path: str, query: str, weight: int) -> None:
    assert weight_of(path, query) == weight


@given(st.sampled_from([*WEIGHTS, "/api/v3/none"]), st.text())
def test_whatever_is_asked_weighs_something(path: str, query: str) -> None:
    assert 1 <= weight_of(path, query) <= 80
