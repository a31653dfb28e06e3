"""Which host is asked, and when none is."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
import pytest
from aiohttp import web

from tests.unit.exchange.ladder_market import host_that_answers, refusing
from tests.unit.exchange.scripted_exchange import scripted
from wickstream.binance.weights import PAGE
from wickstream.config import Settings
from wickstream.errors import RateLimited, Refused
from wickstream.exchange.rest.client import DAY_SYMBOLS, ExchangeClient
from wickstream.exchange.rest.rest_hosts import CLOSED_S, Doors

AGGREGATE = {"a": 5, "p": "1.5", "q": "3", "f": 10, "l": 12, "T": 1_723_161_600_000, "m": True, "M": True}
HISTORICAL = "/api/v3/historicalTrades"


async def tell_the_time(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"serverTime":7}')


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def soon() -> None:
        await asyncio.wait_for(story(), 20)

    asyncio.run(soon())


@pytest.mark.parametrize("status", [403, 404, 451])
def test_what_one_host_does_not_answer_the_other_is_asked_for(status: int) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(status)) as (closed, _),
            host_that_answers(tell_the_time) as (open_, _),
            ExchangeClient(Settings(exchange_rest_url=closed, exchange_trades_url=open_)) as client,
        ):
            assert await client.time_ms() == 7

    run(story)


@pytest.mark.parametrize("status", [403, 451])
def test_a_host_that_shut_us_out_is_not_asked_again_soon(status: int) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(status)) as (url, asked),
            ExchangeClient(Settings(exchange_rest_url=url, exchange_trades_url=url)) as client,
        ):
            for _ in range(5):
                with pytest.raises(Refused) as refusal:
                    await client.historical_trades("BTCUSDT", 1)
                assert refusal.value.status == status
            with pytest.raises(Refused):
                await client.time_ms()
            assert asked == [HISTORICAL]

    run(story)


def test_a_wrong_question_is_not_asked_of_another_host() -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(400)) as (first, asked),
            host_that_answers(tell_the_time) as (second, not_asked),
            ExchangeClient(Settings(exchange_rest_url=first, exchange_trades_url=second)) as client,
        ):
            with pytest.raises(Refused):
                await client.time_ms()
            assert (len(asked), len(not_asked)) == (1, 0)

    run(story)


def test_old_trades_are_asked_only_of_the_host_that_has_them() -> None:
    async def story() -> None:
        async with (
            host_that_answers(tell_the_time) as (market_data, asked),
            host_that_answers(refusing(451)) as (api, _),
            ExchangeClient(Settings(exchange_rest_url=market_data, exchange_trades_url=api)) as client,
        ):
            with pytest.raises(Refused):
                await client.historical_trades("BTCUSDT", 1)
            assert asked == []

    run(story)


@pytest.mark.parametrize("status", [418, 429])
def test_a_ban_by_one_host_silences_all_until_it_is_over(status: int) -> None:
    async def story() -> None:
        async with (
            host_that_answers(tell_the_time) as (market_data, asked),
            host_that_answers(refusing(status, Retry_After="1")) as (api, banning),
            ExchangeClient(Settings(exchange_rest_url=market_data, exchange_trades_url=api)) as client,
        ):
            with pytest.raises(RateLimited):
                await client.historical_trades("BTCUSDT", 1)
            began_s = asyncio.get_running_loop().time()
            while not asked:
                with suppress(RateLimited):
                    await client.time_ms()
                await asyncio.sleep(0.05)
            assert asyncio.get_running_loop().time() - began_s >= 0.9
            assert len(banning) == 1

    run(story)


def test_who_waits_for_the_minute_s_turn_is_silenced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weight is granted after the ban was spoken."""

    async def story() -> None:
        async with (
            host_that_answers(tell_the_time) as (market_data, asked),
            host_that_answers(refusing(429, Retry_After="60")) as (api, _),
            ExchangeClient(Settings(exchange_rest_url=market_data, exchange_trades_url=api)) as client,
        ):
            waits = iter([0.0, 0.2, 0.0])  # the question that is banned; the one that waits, and then might ask
            monkeypatch.setattr(client.budget, "reserve", lambda weight, *, now_s: next(waits))
            banned = asyncio.create_task(client.historical_trades("BTCUSDT", 1))
            await asyncio.sleep(0)
            waiting = asyncio.create_task(client.time_ms())
            results = await asyncio.gather(banned, waiting, return_exceptions=True)

            assert [type(result) for result in results] == [RateLimited, RateLimited]
            assert asked == []

    run(story)


def test_a_door_is_opened_again_after_some_minutes() -> None:
    doors, refusal = Doors(), Refused("no", status=451)

    doors.close("http://api", refusal, now_s=100.0)

    assert doors.refusal("http://api", now_s=100.0 + CLOSED_S - 1) is refusal
    assert doors.refusal("http://api", now_s=100.0 + CLOSED_S) is None
    assert doors.refusal("http://data", now_s=101.0) is None


def test_a_shorter_silence_does_not_end_a_longer_one() -> None:
    doors = Doors()

    doors.silence(120, now_s=0.0)
    doors.silence(5, now_s=1.0)

    assert doors.silent_s(now_s=100.0) == 20


def test_symbols_are_asked_for_by_name_in_as_many_parts_as_addresses_allow() -> None:
    async def story() -> None:
        async with scripted() as (exchange, client):

            def answer(request: web.Request) -> web.Response:
                assert len(str(request.url.raw_path_qs)) < 8_000
                assert request.query["showPermissionSets"] == "false"
                named = msgspec.json.decode(request.query["symbols"], type=list[str])
                rows = [{"symbol": name, "status": "TRADING"} for name in named]
                return web.json_response({"serverTime": 5, "rateLimits": [], "symbols": rows})

            exchange.answers["/api/v3/exchangeInfo"] = answer
            wanted = [f"币安人生{n}USDT" for n in range(300)]

            found = await client.exchange_info(wanted)

            assert [info.symbol for info in found.symbols] == wanted
            assert len(exchange.asked) > 1

    run(story)


def test_statuses_of_two_minutes_are_not_mixed() -> None:
    async def story() -> None:
        async with scripted() as (exchange, client):
            times = iter([59_999, 60_001, 60_050, 60_070])

            def answer(request: web.Request) -> web.Response:
                return web.json_response({"serverTime": next(times), "rateLimits": [], "symbols": []})

            exchange.answers["/api/v3/exchangeInfo"] = answer

            assert (await client.exchange_info(["A" * 3_000, "B" * 5_000])).server_time == 60_070

    run(story)


@pytest.mark.parametrize(("count", "weight"), [(1, 2), (21, 40), (DAY_SYMBOLS, 40), (DAY_SYMBOLS + 1, 80)])
def test_tickers_of_some_weigh_less_than_those_of_all(count: int, weight: int) -> None:
    async def story() -> None:
        async with scripted() as (exchange, client):
            names = [f"S{n}" for n in range(DAY_SYMBOLS + 1)]
            rows = [{"symbol": name, "lastId": 7, "closeTime": 8} for name in [*names, "OTHER"]]

            def answer(request: web.Request) -> web.Response:
                asked = request.query.get("symbols")
                return web.json_response([row for row in rows if asked is None or f'"{row["symbol"]}"' in asked])

            exchange.answers["/api/v3/ticker/24hr"] = answer
            spent: list[int] = []
            reserve = client.budget.reserve
            client.budget.reserve = lambda weight, *, now_s: (  # type: ignore[method-assign]
                spent.append(weight) or reserve(weight, now_s=now_s)  # type: ignore[func-returns-value]
            )

            assert sorted(await client.tickers(names[:count])) == sorted(names[:count])
            assert spent == [weight]

    run(story)


def test_aggregates_are_asked_for_by_id_or_by_time() -> None:
    async def story() -> None:
        async with scripted() as (exchange, client):
            exchange.always("/api/v3/aggTrades", [AGGREGATE])

            (found,) = await client.agg_trades("BTCUSDT", from_id=5)
            await client.agg_trades("BTCUSDT", start_ms=1, end_ms=2, limit=3)

            assert (found.symbol, found.agg_id, found.first_trade_id, found.last_trade_id) == ("BTCUSDT", 5, 10, 12)
            assert [asked for _, asked in exchange.asked] == [
                {"symbol": "BTCUSDT", "fromId": "5", "limit": str(PAGE)},
                {"symbol": "BTCUSDT", "startTime": "1", "endTime": "2", "limit": "3"},
            ]

    run(story)
