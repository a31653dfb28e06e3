import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.serve.app import STATIC


def operations(client: Client) -> list[dict[str, Any]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [operation for methods in paths.values() for operation in methods.values()]


def test_every_operation_has_a_name_of_its_own_that_does_not_change(client: Client) -> None:
    assert [operation["operationId"] for operation in operations(client)] == [
        "getRealtime",
        "getMarketSummary",
        "getTickerHealth",
        "getTopByTrades",
        "getTopByVolume",
        "getSparklines",
        "getKlines",
        "getTrades",
        "getAlerts",
        "getWhaleAlerts",
        "getSweeps",
        "getVolumeSpikes",
        "getPriceSpikes",
        "getTradeCounts",
        "getHealth",
        "getComponents",
        "getLiveness",
        "getReadiness",
        "getVersion",
        "getMetrics",
        "getGaps",
        "getIntegrity",
        "getSymbols",
        "getIntegrityOfHour",
        "getProofs",
        "getAgreement",
        "getStream",
        "binancePing",
        "binanceTime",
        "binanceExchangeInfo",
        "binanceKlines",
        "binanceTrades",
        "binanceHistoricalTrades",
        "binanceTicker24hr",
        "binanceTickerPrice",
        "binanceAvgPrice",
    ]


def test_list_answers_are_documented_by_example(client: Client) -> None:
    for operation in operations(client):
        example = operation["responses"]["200"].get("content", {}).get("application/json", {}).get("example", {})
        if "data" in example:
            assert list(example)[:5] == ["data", "as_of", "lag_ms", "complete", "sources"]


def test_the_examples_have_the_fields_of_real_answers(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path, operation in ((path, methods["get"]) for path, methods in paths.items() if path.startswith("/api/v1")):
        content = operation["responses"]["200"]["content"]
        if "application/json" not in content:
            continue
        example = content["application/json"]["example"]
        required = [one for one in operation.get("parameters", []) if one["required"] and one["in"] == "query"]
        asked = {one["name"]: one["schema"]["examples"][0] for one in required}
        real = client.get(path.replace("{symbol}", "BTCUSDT"), params=asked).json()
        assert list(example) == list(real)
        if "data" in example and real["data"]:
            shown, row = example["data"][0], real["data"][0]
            # The framework leaves nulls out of the document.
            assert list(shown) == [name for name in row if name in shown or row[name] is not None]


@pytest.mark.parametrize("path", ["/", "/docs", "/api/v1/market/realtime", "/nothing/here"])
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"


def test_errors_of_the_framework_have_the_same_form(client: Client) -> None:
    missing = client.get("/api/v1/nothing")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    refused = client.post("/api/v1/market/realtime")
    assert (refused.status_code, refused.headers["content-type"]) == (405, "application/problem+json")


def test_a_fault_of_ours_shows_nothing_of_its_inside(client: Client, tiers: FakeTiers) -> None:
    tiers.broken = True
    answer = client.get("/api/v1/market/realtime")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "fault of ours" not in answer.text
    assert "content-security-policy" in answer.headers


def test_starting_the_api_loads_nothing_heavy() -> None:
    heavy = {"polars", "deltalake", "pyarrow", "pyspark", "pandas", "numpy", "confluent_kafka", "aiohttp"}
    program = f"import sys, wickstream.serve.app; print(*({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_files_outside_the_page_are_not_served(client: Client) -> None:
    for path in ("/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "/vendor/../../app.py"):
        assert client.get(path).status_code == 404


def page_files() -> list[Path]:
    return [path for path in STATIC.rglob("*") if path.suffix in {".html", ".js", ".css"}]


@pytest.mark.parametrize("path", page_files(), ids=lambda path: path.name)
def test_the_page_asks_nothing_of_other_hosts(path: Path) -> None:
    loaded = re.findall(r"""(?:src=|from |import ?\(?|fetch\(|url\()['"]?(https?:)?//""", path.read_text("utf-8"))
    assert loaded == []


def test_the_pages_files_come_compressed_to_who_takes_that(client: Client) -> None:
    plain = client.get("/style.css", headers={"Accept-Encoding": "identity"})
    packed = client.get("/style.css", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", plain.text)
    assert int(packed.headers.get("content-length", 0)) < len(plain.content) / 2


def test_every_list_that_goes_on_says_so_twice_and_leads_to_the_same_page(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    seen = set()
    for path, operation in ((path, methods["get"]) for path, methods in paths.items()):
        taken = {parameter["name"] for parameter in operation.get("parameters", [])}
        if not path.startswith("/api/v1") or not taken >= {"limit", "cursor"}:
            continue
        asked = {"limit": 1} | ({"interval": "1m"} if "interval" in taken else {})
        first = client.get(path.replace("{symbol}", "BTCUSDT"), params=asked)
        cursor = first.json().get("next_cursor")
        assert ("next" in first.links) == (cursor is not None), path
        if cursor is not None:
            seen.add(operation["operationId"])
            by_cursor = client.get(path.replace("{symbol}", "BTCUSDT"), params=asked | {"cursor": cursor})
            assert (
                client.get(first.links["next"]["url"]).json()["data"]
                == by_cursor.json()["data"]
                != first.json()["data"]
            )
    assert seen >= {"getKlines", "getTrades", "getAlerts", "getTickerHealth", "getGaps", "getSymbols"}
