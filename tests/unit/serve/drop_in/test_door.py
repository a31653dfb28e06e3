"""What holds for all of /api/v3: the exchange's forms, whatever is asked."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.serve.drop_in.routes import ENDPOINTS

NAMES = [endpoint.name for _, endpoint in ENDPOINTS.values()]
PARAMETERS = sorted({name for _, endpoint in ENDPOINTS.values() for name in endpoint.parameters})
WORDS = [
    "BTCUSDT",
    "ETHUSDT",
    "NONE",
    '["BTCUSDT","ETHUSDT"]',
    "1m",
    "1M",
    "0",
    "5",
    "-1",
    "8:30",
    "TRADING",
    "MINI",
    "",
]
QUERIES = st.dictionaries(st.sampled_from([*PARAMETERS, "x"]), st.sampled_from(WORDS) | st.text())
JSON = "application/json;charset=UTF-8"


def error_of(answer: httpx.Response) -> tuple[int, int]:
    assert answer.headers["content-type"] == JSON
    assert list(answer.json()) == ["code", "msg"]
    return answer.status_code, answer.json()["code"]


def asked(client: httpx.Client, name: str, **query: str) -> httpx.Response:
    return client.get(f"/api/v3/{name}", params=query)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), query=QUERIES)
def test_whatever_is_asked_is_answered_or_refused_in_the_exchanges_form(
    client: httpx.Client, name: str, query: dict[str, str]
) -> None:
    answer = asked(client, name, **query)
    if answer.status_code == 200:
        assert answer.headers["content-type"] == JSON
    else:
        status, code = error_of(answer)
        assert status in (400, 503)
        assert code <= -1000


@pytest.mark.parametrize("name", ["klines", "trades", "historicalTrades", "ticker/24hr", "ticker/price", "avgPrice"])
def test_a_symbol_that_is_not_followed_is_invalid(client: httpx.Client, name: str) -> None:
    query = {"interval": "1m"} if name == "klines" else {}
    answer = asked(client, name, symbol="NOSUCH", **query)
    assert (answer.status_code, answer.json()) == (400, {"code": -1121, "msg": "Invalid symbol."})


def test_parameters_that_are_not_read_or_come_twice_are_refused(client: httpx.Client) -> None:
    assert error_of(asked(client, "klines", symbol="BTCUSDT", interval="1m", limt="5")) == (400, -1104)
    assert error_of(client.get("/api/v3/trades?symbol=BTCUSDT&symbol=ETHUSDT")) == (400, -1101)
    assert error_of(asked(client, "ping", x="1")) == (400, -1104)


def test_a_parameter_that_lacks_is_named(client: httpx.Client) -> None:
    answer = asked(client, "klines", symbol="BTCUSDT")
    assert error_of(answer) == (400, -1102)
    assert answer.json()["msg"] == "Mandatory parameter 'interval' was not sent, was empty/null, or malformed."


@pytest.mark.parametrize("name", ["klines", "trades", "ticker/24hr", "exchangeInfo", "time"])
def test_stores_that_are_away_are_a_servers_fault_and_said_so(
    client: httpx.Client, tiers: FakeTiers, name: str
) -> None:
    tiers.down = tiers.exchange.down = True
    query = {"klines": {"symbol": "BTCUSDT", "interval": "1m"}, "trades": {"symbol": "BTCUSDT"}}.get(name, {})
    answer = asked(client, name, **query)
    assert error_of(answer) == (503, -1001)
    assert answer.headers["retry-after"] == "2"
    assert asked(client, "ping").json() == {}


def test_an_answer_that_would_be_too_much_is_refused(client: httpx.Client, tiers: FakeTiers) -> None:
    tiers.too_much = True
    answer = asked(client, "klines", symbol="BTCUSDT", interval="1M")
    assert error_of(answer) == (400, -1127)
    assert answer.json()["msg"] == "Lookup interval is too big. ask for less"


def test_a_fault_of_ours_has_the_exchanges_form_too(client: httpx.Client, tiers: FakeTiers) -> None:
    tiers.broken = True
    answer = asked(client, "klines", symbol="BTCUSDT", interval="3m")
    assert error_of(answer) == (500, -1000)
    assert "fault of ours" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "aggTrades", 400, "historicalTrades"),
        ("GET", "uiKlines", 400, "klines"),
        ("GET", "depth", 400, "order books"),
        ("GET", "ticker/bookTicker", 400, "order books"),
        ("GET", "account", 404, "market data"),
        ("GET", "", 404, "market data"),
        ("POST", "order", 404, "order"),
        ("DELETE", "klines", 404, "order"),
    ],
)
def test_what_is_not_kept_is_refused_with_what_there_is(
    client: httpx.Client, method: str, path: str, status: int, word: str
) -> None:
    answer = client.request(method, f"/api/v3/{path}", params={"symbol": "BTCUSDT"})
    assert error_of(answer) == (status, -1020)
    assert word in answer.json()["msg"].partition("There are")[0]
    assert "There are ping, time," in answer.json()["msg"]


@pytest.mark.parametrize(("unit", "factor"), [("MICROSECOND", 1_000), ("microsecond", 1_000), ("MILLISECOND", 1)])
def test_times_are_told_in_the_unit_that_the_client_wants(client: httpx.Client, unit: str, factor: int) -> None:
    headers = {"X-MBX-TIME-UNIT": unit}
    plain, finer = (client.get("/api/v3/time", headers=each).json()["serverTime"] for each in ({}, headers))
    assert finer == plain * factor
    query = {"symbol": "BTCUSDT", "interval": "1m"}
    for sent, wanted in (({}, 1), (headers, factor), ({}, 1)):  # nobody is given what another asked for
        row = client.get("/api/v3/klines", params=query, headers=sent).json()[0]
        assert row[6] - row[0] == 60_000 * wanted - 1
