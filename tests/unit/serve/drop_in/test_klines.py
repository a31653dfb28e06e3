import httpx
import pytest

from tests.sample_market import MIDNIGHT_MS, a_candle
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.rendering import Rendered, arrays_of, rendered

ASKED = {"symbol": "BTCUSDT", "interval": "1m"}
FIRST = [
    MIDNIGHT_MS,
    *("100.00000000", "103.00000000", "99.00000000", "102.50000000", "4.00000000"),
    MIDNIGHT_MS + 59_999,
    "404.40000000",
    10,
    *("1.00000000", "101.10000000", "0"),
]


def klines(client: httpx.Client, **query: str) -> httpx.Response:
    return client.get("/api/v3/klines", params=ASKED | query)


def test_a_candle_is_an_array_of_twelve(client: httpx.Client) -> None:
    answer = klines(client)
    assert answer.json()[0] == FIRST
    assert [type(value) for value in answer.json()[0]] == [int, *[str] * 5, int, str, int, *[str] * 3]


def test_rendered_rows_and_candles_give_the_same_arrays() -> None:
    candles = [a_candle(number) for number in range(3)]
    assert arrays_of(Rendered([rendered(candle) for candle in candles])) == arrays_of(candles)
    assert arrays_of(candles)[0] == FIRST


def test_only_closed_candles_and_the_forming_one_are_asked_for(client: httpx.Client, tiers: FakeTiers) -> None:
    assert len(klines(client).json()) == 3
    assert tiers.asked_besides == [(True, 0)]


def test_whether_anything_lacks_is_in_a_header(client: httpx.Client, tiers: FakeTiers) -> None:
    assert klines(client).headers["x-wickstream-complete"] == "true"
    tiers.away = ("cold",)
    assert klines(client).headers["x-wickstream-complete"] == "false"


def test_times_and_limit_are_passed_on_in_the_form_of_the_exchange(client: httpx.Client, tiers: FakeTiers) -> None:
    klines(client, startTime="0", endTime="1723161600000000", limit="5000")
    assert tiers.asked[0] == {
        "symbol": "BTCUSDT", "interval": "1m", "start": 0, "end": MIDNIGHT_MS, "limit": 1_000, "as_known_at": None,
    }  # fmt: skip
    klines(client)
    assert tiers.asked[1]["limit"] == 500


def test_a_range_that_ends_before_it_begins_is_empty(client: httpx.Client, tiers: FakeTiers) -> None:
    assert klines(client, startTime="2", endTime="1").json() == []
    assert tiers.asked == []


@pytest.mark.parametrize(
    ("interval", "zone", "moved_ms"),
    [
        ("1m", "8", 0),
        ("1h", "-3", 0),
        ("1h", "5:30", 19_800_000),
        ("4h", "8", 0),
        ("1d", "8", 28_800_000),
        ("1w", "-12", -43_200_000),
        ("1M", "1", 3_600_000),
        ("1M", "0", 0),
    ],
)
def test_a_zone_moves_only_windows_that_open_elsewhere_in_it(
    client: httpx.Client, tiers: FakeTiers, interval: str, zone: str, moved_ms: int
) -> None:
    klines(client, interval=interval, timeZone=zone)
    assert tiers.asked_besides == [(True, moved_ms)]


def test_seconds_are_an_invalid_interval_with_the_reason(client: httpx.Client) -> None:
    answer = klines(client, interval="1s").json()
    assert answer["code"] == -1120
    assert answer["msg"].startswith("Invalid interval. Candles of 1s are not kept here; there are 1m, 3m,")
    assert klines(client, interval="1H").json() == {"code": -1120, "msg": "Invalid interval."}
