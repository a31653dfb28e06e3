import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from tests.unit.exchange.scripted_exchange import ScriptedExchange, scripted
from wickstream.config import Settings
from wickstream.errors import FeedLost, MalformedFrame, RateLimited, Refused
from wickstream.events import Source
from wickstream.exchange.rest.client import ExchangeClient

MIDNIGHT_MS = 1_723_161_600_000
TRADE = {"id": 7, "price": "1.5", "qty": "2", "time": MIDNIGHT_MS, "isBuyerMaker": True}

Scene = Callable[[ScriptedExchange, ExchangeClient], Awaitable[None]]


def play(scene: Scene) -> None:
    async def run() -> None:
        async with scripted() as (exchange, client):
            await scene(exchange, client)

    asyncio.run(run())


def test_an_answer_of_many_chunks_is_read_whole() -> None:
    """The real `exchangeInfo` of the whole market has 15 MB."""

    async def scene(exchange: ScriptedExchange, client: ExchangeClient) -> None:
        symbols = [{"symbol": f"S{n}", "status": "TRADING", "filters": ["x" * 500]} for n in range(5_000)]
        exchange.always("/api/v3/exchangeInfo", {"serverTime": 5, "rateLimits": [], "symbols": symbols})

        assert len((await client.exchange_info()).symbols) == 5_000

    play(scene)


def test_trades_are_asked_for_by_id_and_say_where_they_came_from() -> None:
    async def scene(exchange: ScriptedExchange, client: ExchangeClient) -> None:
        exchange.always("/api/v3/historicalTrades", [TRADE])

        (arrival,) = await client.historical_trades("BTCUSDT", 7)

        assert (arrival.trade.trade_id, arrival.source) == (7, Source.REST)
        assert exchange.asked == [("/api/v3/historicalTrades", {"symbol": "BTCUSDT", "fromId": "7", "limit": "1000"})]

    play(scene)


@pytest.mark.parametrize("status", [418, 429])
def test_after_a_ban_nothing_is_asked_until_it_is_over(status: int) -> None:
    async def scene(exchange: ScriptedExchange, client: ExchangeClient) -> None:
        exchange.always("/api/v3/time", b"{}", status=status, headers={"Retry-After": "120"})

        with pytest.raises(RateLimited) as caught:
            await client.time_ms()
        assert caught.value.retry_after_s == 120
        with pytest.raises(RateLimited):
            await client.time_ms()
        assert len(exchange.asked) == 1

    play(scene)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", FeedLost),
        (503, b"<html>", FeedLost),
        (400, b'{"code":-1121,"msg":"Invalid symbol."}', Refused),
        (403, b"<html>\xff", Refused),
        (451, b"", Refused),
        (200, b"<html>", MalformedFrame),
        (200, b"", MalformedFrame),
        (200, b'{"serverTime":"soon"}', MalformedFrame),
    ],
)
def test_answers_are_told_apart_by_what_to_do_about_them(status: int, body: bytes, error: type[Exception]) -> None:
    async def scene(exchange: ScriptedExchange, client: ExchangeClient) -> None:
        exchange.always("/api/v3/time", body, status=status)

        with pytest.raises(error):
            await client.time_ms()

    play(scene)


def test_a_refusal_says_the_exchange_s_own_words() -> None:
    async def scene(exchange: ScriptedExchange, client: ExchangeClient) -> None:
        exchange.always("/api/v3/time", {"code": -1121, "msg": "Invalid symbol."}, status=400)

        with pytest.raises(Refused, match=r"HTTP 400 Invalid symbol\.") as caught:
            await client.time_ms()
        assert (caught.value.status, caught.value.code) == (400, -1121)

    play(scene)


def test_a_connection_that_breaks_in_the_middle_of_an_answer_is_a_lost_feed() -> None:
    async def scene(exchange: ScriptedExchange, client: ExchangeClient) -> None:
        def cut(request: web.Request) -> web.Response:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(body=b'{"serverTime":1}')

        exchange.answers["/api/v3/time"] = cut

        with pytest.raises(FeedLost):
            await client.time_ms()

    play(scene)


def test_a_host_that_is_not_there_is_a_lost_feed() -> None:
    async def run() -> None:
        async with ExchangeClient(Settings(exchange_rest_url="http://127.0.0.1:9")) as client:
            with pytest.raises(FeedLost, match=r"127\.0\.0\.1:9/api/v3/time"):
                await client.time_ms()

    asyncio.run(run())


def test_the_exchange_s_own_count_of_our_weight_is_believed() -> None:
    async def scene(exchange: ScriptedExchange, client: ExchangeClient) -> None:
        exchange.always("/api/v3/time", {"serverTime": 1}, headers={"X-MBX-USED-WEIGHT-1M": "4100"})

        await client.time_ms()

        assert client.budget._used == 4_100

    play(scene)


def test_a_symbol_that_is_listed_no_more_takes_no_other_s_ticker_away() -> None:
    async def scene(exchange: ScriptedExchange, client: ExchangeClient) -> None:
        def answer(request: web.Request) -> web.Response:
            if "GONE" in request.query.get("symbols", ""):
                return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
            return web.json_response([{"symbol": name, "lastId": 7, "closeTime": 8} for name in ("BTCUSDT", "OTHER")])

        exchange.answers["/api/v3/ticker/24hr"] = answer

        assert sorted(await client.tickers(["BTCUSDT", "GONE"])) == ["BTCUSDT"]

    play(scene)
