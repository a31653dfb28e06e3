import pytest
from httpx import Client

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.candle import Candle

KLINES = "/api/v1/analytics/klines/BTCUSDT"


def test_a_row_has_every_field_of_the_candle_and_the_derived_ones(client: Client) -> None:
    row = client.get(KLINES).json()["data"][0]
    assert list(row) == [*Candle.__struct_fields__, "vwap", "price_change_pct", "buy_sell_ratio"]
    assert (row["close"], row["quote_volume"]) == ("102.50000000", "404.40000000")
    assert (row["vwap"], row["price_change_pct"], row["buy_sell_ratio"]) == ("101.10000000", "2.5000", "0.3333")
    assert (row["origin"], row["closed"], row["first_trade_id"], row["revision"]) == ("trades", True, 1, 0)


def test_the_envelope_says_how_far_the_list_can_be_trusted(client: Client) -> None:
    body = client.get(KLINES).json()
    assert {name: body[name] for name in body if name != "data"} == {
        "as_of": MIDNIGHT_MS,
        "lag_ms": 7,
        "complete": True,
        "sources": ["demo", "hot"],
    }


def test_more_minutes_than_are_rolled_up_for_one_answer_are_refused(client: Client, tiers: FakeTiers) -> None:
    tiers.too_much = True
    answer = client.get(KLINES, params={"interval": "1M", "limit": 1_000})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:wickstream:problem:too-much")


def test_what_nobody_can_tell_any_more_is_refused_and_not_guessed(client: Client, tiers: FakeTiers) -> None:
    tiers.is_forgetful = True
    answer = client.get(KLINES, params={"as_known_at": MIDNIGHT_MS})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:wickstream:problem:unknowable")


def test_a_store_that_was_needed_and_did_not_answer_is_named(client: Client, tiers: FakeTiers) -> None:
    tiers.away = ("warm", "cold")
    body = client.get(KLINES).json()
    assert (body["complete"], body["away"]) == (False, ["warm", "cold"])


def test_the_forming_candle_comes_last_unless_only_closed_ones_are_wanted(client: Client) -> None:
    assert [row["closed"] for row in client.get(KLINES).json()["data"]] == [True, True, False]
    assert [row["closed"] for row in client.get(KLINES, params={"closed_only": "true"}).json()["data"]] == [True, True]


def test_the_question_reaches_the_tiers_as_it_was_asked(client: Client, tiers: FakeTiers) -> None:
    asked: dict[str, str | int] = {"interval": "5m", "start": MIDNIGHT_MS, "end": MIDNIGHT_MS + 1, "limit": 3}
    asked["as_known_at"] = MIDNIGHT_MS + 9
    client.get(KLINES, params=asked)
    client.get(KLINES)
    newest = {"interval": "1m", "start": None, "end": None, "limit": 500, "as_known_at": None}
    assert tiers.asked == [{"symbol": "BTCUSDT", **asked}, {"symbol": "BTCUSDT", **newest}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("interval=7m", "interval: must be one of 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d, 3d, 1w, 1M"),
        ("limit=0", "limit: must be from 1 to 1000"),
        ("limit=1001", "limit: must be from 1 to 1000"),
        ("limit=1_0", "limit: a whole number in plain digits is needed"),
        ("limit=٣", "limit: a whole number in plain digits is needed"),
        ("limit=99999999999999999999", "limit: a whole number in plain digits is needed"),
        ("start=-1", "start: a whole number in plain digits is needed"),
        ("start=1723161600", "start: times are epoch milliseconds in UTC, as in 1723075200000"),
        ("as_known_at=1723161600", "as_known_at: times are epoch milliseconds in UTC, as in 1723075200000"),
        ("end=9223372036854775808", "end: times are epoch milliseconds in UTC, as in 1723075200000"),
        ("start=1723161600001&end=1723161600000", "start (1723161600001) lies after end (1723161600000); swap them"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_reason(client: Client, query: str, said: str) -> None:
    answer = client.get(f"{KLINES}?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == said


def test_a_misspelt_parameter_is_refused_and_the_right_ones_are_named(client: Client) -> None:
    answer = client.get(KLINES, params={"limt": "5"})
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "unknown parameter 'limt'; this route takes interval, start, end, limit, closed_only, as_known_at, "
        "format, cursor"
    )


def test_a_parameter_given_twice_is_refused(client: Client) -> None:
    assert client.get(f"{KLINES}?limit=1&limit=2").status_code == 400


def test_an_unknown_symbol_is_answered_with_the_nearest_names(client: Client) -> None:
    answer = client.get("/api/v1/analytics/klines/BTCUSD")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no symbol BTCUSD; did you mean BTCUSDT?"
    assert answer.json()["nearest"] == ["BTCUSDT"]


def test_a_symbol_may_have_letters_of_any_script(client: Client) -> None:
    answer = client.get("/api/v1/analytics/klines/币安人生USDT")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("no symbol 币安人生USDT; ")


@pytest.mark.parametrize("symbol", ["BTCUSDT%0A", "%00", "%C2%A0", "A" * 21, "';DROP", "%2e%2e%5c"])
def test_what_cannot_be_a_symbol_is_refused(client: Client, symbol: str) -> None:
    assert client.get(f"/api/v1/analytics/klines/{symbol}").status_code == 422


def test_with_every_tier_down_the_answer_says_when_to_ask_again(client: Client, tiers: FakeTiers) -> None:
    tiers.down = True
    answer = client.get(KLINES)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["detail"] == "no tier answers; ask again in 2 s"
