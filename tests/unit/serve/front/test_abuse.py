"""What attackers send: into every parameter of every route (S4), as names for metrics (S9), and much at once (S5)."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.scripted_source import ScriptedSource
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.serve.front.territory import Scope, scope_of

CORPUS = (
    "' OR 1=1 --",
    "1; DROP TABLE candles",
    "BTCUSDT' UNION SELECT key_hash FROM api_keys --",
    "../../etc/passwd",
    "..\\..\\windows",
    "BTCUSDT\r\nX-Injected: 1",
    "BTCUSDT\n",
    "BTCUSDT\x00",
    " BTCUSDT",
    "١٢٣٤",
    "１２３",
    "9223372036854775808",
    "-1",
    "1e9",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    "null",
    "[]",
    '{"$gt": ""}',
    "${jndi:ldap://example.com/a}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "%00",
    "\u202eTDSUCTB",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "A" * 2_000,
)
GOOD = {"symbol": "BTCUSDT", "interval": "1m"}
REFUSALS = {400, 404, 422}


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")


def attacks(paths: dict[str, Any]) -> Iterator[str]:
    for path, methods in paths.items():
        if scope_of(path) is Scope.LIVE:  # whose names are anybody's, and whose answers have no end
            continue
        for parameter in methods["get"].get("parameters", ()):
            for bad in CORPUS:
                yield attack(path, methods["get"]["parameters"], parameter["name"], quote(bad, safe=""))


def attack(path: str, parameters: list[dict[str, Any]], name: str, bad: str) -> str:
    if f"{{{name}}}" in path:
        return path.replace(f"{{{name}}}", bad)
    needed = {one["name"]: GOOD[one["name"]] for one in parameters if one.get("required") and one["in"] == "query"}
    others = "".join(f"{other}={value}&" for other, value in needed.items() if other != name)
    return f"{path.replace('{symbol}', 'BTCUSDT')}?{others}{name}={bad}"


async def served(work: Any) -> Any:
    app = build_app(
        Settings(source="demo", hot_answer_ms=0), open_reader=FakeTiers().opened, open_source=ScriptedSource().opened
    )
    async with app.router.lifespan_context(app), client_of(app) as client:
        return await work(client)


def test_nothing_that_is_injected_is_taken_for_a_value() -> None:
    async def attack_all(client: httpx.AsyncClient) -> dict[str, httpx.Response]:
        paths = (await client.get("/openapi.json")).json()["paths"]
        answers = {}
        for url in attacks(paths):
            answer = await client.get(url)
            answers[url] = answer
            assert "x-injected" not in answer.headers
            assert "Traceback" not in answer.text
        return answers

    found = asyncio.run(served(attack_all))
    assert [url for url, answer in found.items() if not is_refused(answer) and not is_meant(url, answer)] == []


def is_refused(answer: httpx.Response) -> bool:
    return answer.status_code in REFUSALS


def is_meant(url: str, answer: httpx.Response) -> bool:
    """What might be a symbol or an amount, and finds nothing; on v3 what the exchange takes, too.

    There more than a page is a page, there is a zone -1, and no permission is no error.
    """
    if answer.status_code != 200 or not url.startswith("/api/v3/"):
        return answer.status_code == 200 and answer.json()["data"] == []
    return url.endswith(("=9223372036854775808", "timeZone=-1")) or "?permissions=" in url


@pytest.mark.parametrize("names", [600, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(3_600)])])
def test_names_that_clients_make_up_add_nothing_to_the_metrics(names: int) -> None:
    async def ask_for_many(client: httpx.AsyncClient) -> list[int]:
        counts = []
        for round_number in range(3):
            for number in range(names // 3):
                name = f"MADEUP{round_number}X{number}"
                await client.get(f"/api/v1/analytics/klines/{name}")
                await client.get(f"/api/v3/klines?symbol={name}&interval=1m")
                await client.get(f"/{name}")
                await client.get(f"/api/v1/{name}/{name}")
            counts.append(len((await client.get("/metrics")).text.splitlines()))
        return counts

    _, second, third = asyncio.run(served(ask_for_many))  # after the first, all routes have been asked
    assert second == third


def test_a_thousand_questions_for_everything_are_bounded_answers() -> None:
    async def ask_for_everything(client: httpx.AsyncClient) -> "Counter[int]":
        urls = [f"/api/v1/analytics/klines/BTCUSDT?start=0&limit=1000&end={1723161600000 + n}" for n in range(500)]
        urls += [f"/api/v1/analytics/klines/BTCUSDT?limit={10**9 + n}" for n in range(500)]
        answers = await asyncio.gather(*map(client.get, urls))
        assert max(len(answer.content) for answer in answers) < 1_000_000
        return Counter(answer.status_code for answer in answers)

    found = asyncio.run(served(ask_for_everything))
    assert found[422] + found[503] >= 500  # too many at once are sent away
    assert set(found) <= {200, 422, 503}
