"""R19: whoever gives up, nobody gets another's answer."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.late_line import late_line
from tests.scripted_source import ScriptedSource
from tests.stored_market import store_market
from wickstream.config import Settings
from wickstream.serve.app import build_app

pytestmark = pytest.mark.stack

SYMBOLS = tuple(f"LATE{letter}USDT" for letter in "ABCDEFGH")
AT_ONCE = 40
VISITORS = 25  # of one, four requests are worked on at once, also those that it gave up
LATE_S = 0.02


@pytest.fixture(scope="module")
def stored(postgres: Settings, redis: Settings) -> Settings:
    settings = redis.model_copy(
        update={"ticker_symbols": SYMBOLS, "source": "demo", "hot_answer_ms": 0, "rate_limit_per_minute": 10**9}
    )
    for symbol in SYMBOLS:
        store_market(settings, symbol)
    return settings


async def ask(client: httpx.AsyncClient, symbol: str, limit: int) -> set[str]:
    answer = await client.get(f"/api/v1/analytics/klines/{symbol}", params={"limit": limit})
    assert answer.status_code == 200, answer.text
    return {row["symbol"] for row in answer.json()["data"]}


async def ask_and_give_up(stored: Settings, requests: int, chance: random.Random) -> tuple[int, int, int]:
    """How many were answered, given up, and answered wrongly."""
    answered = given_up = wrong = 0
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(clients: Sequence[httpx.AsyncClient]) -> None:
        nonlocal answered, given_up, wrong
        client = chance.choice(clients)
        symbol = chance.choice(SYMBOLS)
        patience_s = chance.choice((None, chance.uniform(0, 2 * LATE_S)))
        async with turn:
            try:
                async with asyncio.timeout(patience_s):  # cancels it wherever it is
                    found = await ask(client, symbol, chance.randint(1, 1_000))
            except TimeoutError:
                given_up += 1
                return
        answered += 1
        wrong += found != {symbol}

    async with late_line("127.0.0.1", stored.redis_port, most_s=LATE_S) as port:
        late = stored.model_copy(update={"redis_host": "127.0.0.1", "redis_port": port})
        app = build_app(late, open_source=ScriptedSource().opened)
        async with app.router.lifespan_context(app), AsyncExitStack() as opened:
            clients = [await opened.enter_async_context(client_of(app, number)) for number in range(VISITORS)]
            await asyncio.gather(*(one(clients) for _ in range(requests)))
            for symbol in SYMBOLS:  # and what is left on the lines is nobody's
                wrong += await ask(clients[0], symbol, 1) != {symbol}
    return answered, given_up, wrong


def client_of(app: object, number: int) -> httpx.AsyncClient:
    visitor = (f"198.51.100.{number}", 1)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=visitor), base_url="http://api")  # type: ignore[arg-type]


@pytest.mark.parametrize("requests", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_requests_that_are_cancelled_at_random_leave_no_answer_to_others(stored: Settings, requests: int) -> None:
    answered, given_up, wrong = asyncio.run(ask_and_give_up(stored, requests, random.Random(19)))
    assert wrong == 0
    assert answered + given_up == requests
    assert min(answered, given_up) > requests // 10
