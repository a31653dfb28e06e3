import csv
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import polars as pl
import pytest
from httpx import Client

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.events import MINUTE_MS

KLINES = "/api/v1/analytics/klines/BTCUSDT"


def pages(client: Client, tiers: FakeTiers, query: str, *, growing: bool = False) -> list[list[int]]:
    """The open times of each page, as its links lead on."""
    address: str | None = f"{KLINES}?{query}"
    walked = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        walked.append([row["open_time"] for row in answer.json()["data"]])
        address = answer.links.get("next", {}).get("url")
        assert (address is None) == ("next_cursor" not in answer.json())
        tiers.minutes += growing
    return walked


def minutes(*numbers: int) -> list[int]:
    return [MIDNIGHT_MS + number * MINUTE_MS for number in numbers]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 11])
@pytest.mark.parametrize("form", ["start={first}", "start={first}&end={last}", "end={last}", "interval=1m"])
def test_pages_are_the_whole_without_a_hole_or_a_double(
    client: Client, tiers: FakeTiers, limit: int, form: str
) -> None:
    tiers.minutes = 10
    first, last = MIDNIGHT_MS, MIDNIGHT_MS + 9 * MINUTE_MS
    walked = pages(client, tiers, f"{form.format(first=first, last=last)}&limit={limit}")
    assert all(len(page) == limit for page in walked[:-1])
    assert sorted(time for page in walked for time in page) == minutes(*range(10))


def test_forward_new_candles_come_behind_and_are_walked_too(client: Client, tiers: FakeTiers) -> None:
    tiers.minutes = 4
    walked = pages(client, tiers, f"start={MIDNIGHT_MS}&limit=2", growing=True)
    times = [time for page in walked for time in page]
    assert times == minutes(*range(len(times)))
    assert len(times) > 4


def test_backward_new_candles_are_in_nobodys_way(client: Client, tiers: FakeTiers) -> None:
    tiers.minutes = 6
    assert pages(client, tiers, "limit=2", growing=True)[:3] == [minutes(4, 5), minutes(2, 3), minutes(0, 1)]


def test_a_cursor_beside_other_parameters_is_refused(client: Client, tiers: FakeTiers) -> None:
    tiers.minutes = 9
    cursor = client.get(KLINES, params={"limit": 2}).json()["next_cursor"]
    answer = client.get(KLINES, params={"limit": 2, "interval": "5m", "cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:wickstream:problem:bad-cursor")


def test_all_forms_tell_the_same_values(client: Client) -> None:
    rows = client.get(KLINES).json()["data"]
    lines = list(csv.DictReader(StringIO(client.get(KLINES, params={"format": "csv"}).text)))
    assert lines == [{name: _cell(value) for name, value in row.items()} for row in rows]
    frame = pl.read_ipc_stream(BytesIO(client.get(KLINES, params={"format": "arrow"}).content))
    assert [[_cell_of(value) for value in row] for row in frame.iter_rows()] == [
        [_cell_of(value) for value in row.values()] for row in rows
    ]
    assert frame.columns == list(rows[0])
    klines = client.get(KLINES, params={"format": "binance"}).json()
    assert [kline[0] for kline in klines] == [row["open_time"] for row in rows]
    assert klines[0] == [
        *(rows[0][name] for name in ("open_time", "open", "high", "low", "close", "volume", "close_time")),
        *(rows[0][name] for name in ("quote_volume", "trade_count", "taker_buy_volume", "taker_buy_quote_volume")),
        "0",
    ]


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _cell_of(value: Any) -> Any:
    """Decimals by their value, whatever the places."""
    is_amount = isinstance(value, Decimal) or (isinstance(value, str) and value.replace(".", "").isdigit())
    return Decimal(value) if is_amount else value


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("binance", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
        ("arrow", "application/vnd.apache.arrow.stream"),
    ],
)
def test_without_the_envelope_headers_say_what_it_would(
    client: Client, tiers: FakeTiers, form: str, media_type: str
) -> None:
    tiers.away = ("warm",)
    answer = client.get(KLINES, params={"format": form, "limit": 2})
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-wickstream-complete"] == "false"
    assert answer.links["next"]["url"].startswith(f"{KLINES}?format={form}&limit=2&cursor=")


def test_a_form_nobody_writes_is_refused(client: Client) -> None:
    assert client.get(KLINES, params={"format": "xml"}).status_code == 422
