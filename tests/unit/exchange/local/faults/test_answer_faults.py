import asyncio
import hashlib
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import playing, run
from tests.unit.exchange.local.made_trades import capture, trade
from tests.unit.exchange.local.troubled import switchable
from wickstream.exchange.local.faults.answer_faults import RestError, RestLag
from wickstream.exchange.local.faults.conditions import Conditions
from wickstream.exchange.local.market.recording import ReplayPlan

TRADES = "/api/v3/trades?symbol=BTCUSDT&limit=1"


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(1, 10_000))
def test_a_scattered_trade_turns_up_within_the_lag_and_stays(trade_id: int, traded_at_ms: int, by_ms: int) -> None:
    lag = RestLag(by_ms=by_ms, scattered=True)
    shown = [lag.shows(trade_id, traded_at_ms, now_ms=traded_at_ms + after) for after in range(0, by_ms + 100, 97)]
    assert lag.shows(trade_id, traded_at_ms, now_ms=traded_at_ms + by_ms)
    assert shown == sorted(shown)
    assert not lag.shows(trade_id, traded_at_ms, now_ms=traded_at_ms - 1)


@given(st.integers(), st.floats(0.2, 0.8))
def test_a_share_of_the_requests_is_hit(seed: int, share: float) -> None:
    fault, random = RestError(share=share, hosts=("exchange-*",), paths=("/api/v3/*",)), Random(seed)
    hits = [fault.hits("exchange-api", "/api/v3/time", random) for _ in range(300)]
    assert 0 < sum(hits) < 300
    assert not fault.hits("exchange", "/api/v3/time", random)
    assert not fault.hits("exchange-api", "/data/spot", random)


@pytest.mark.parametrize(
    ("arguments", "status", "code", "retry_after"),
    [
        ({}, 503, -1008, None),
        ({"status": 500}, 500, -1000, None),
        ({"status": 429, "for_s": 20}, 429, -1003, {"20", "21"}),
        ({"status": 418, "retry_after_s": 7}, 418, -1003, {"7"}),
        ({"status": 451, "hosts": ["exchange-api"]}, 451, 0, None),
    ],
)
def test_errors_are_worded_as_the_exchange_words_them(
    tmp_path: Path,
    make_settings: SettingsMaker,
    arguments: dict[str, Any],
    status: int,
    code: int,
    retry_after: set[str] | None,
) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("rest_error", **arguments)
            told, headers, body = await client.ask(TRADES)
            assert (told, msgspec.json.decode(body)["code"]) == (status, code)
            assert (headers.get("Retry-After") in retry_after) if retry_after else "Retry-After" not in headers
            await client.delete("/faults/1")
            assert (await client.ask(TRADES))[0] == 200

    run(story)


def test_another_host_goes_on(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("rest_error", status=403, hosts=["exchange"])
            assert (await client.ask(TRADES))[0] == 200

    run(story)


def test_html_and_broken_json_come_instead_of_the_answer(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("rest_error", status=502, body="html")
            status, headers, body = await client.ask(TRADES)
            assert (status, headers["Content-Type"][:9], body[:6]) == (502, "text/html", b"<html>")
            await client.delete("/faults/1")
            await client.fault("rest_error", status=200, body="cut")
            assert (await client.ask(TRADES))[2] == b'[{"id":'

    run(story)


def test_answers_are_slow_or_reset(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("rest_slow", by_s=0.3, paths=["/api/v3/trades"])
            began = asyncio.get_running_loop().time()
            assert (await client.ask(TRADES))[0] == 200
            assert asyncio.get_running_loop().time() - began >= 0.295  # the loop's clock ticks in ms
            await client.fault("rest_reset", paths=["/api/v3/klines"])
            with pytest.raises(aiohttp.ClientError):
                await client.ask("/api/v3/klines?symbol=BTCUSDT&interval=1m")

    run(story)


def test_the_database_is_behind_and_the_memory_is_not(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("rest_lag", by_ms=1_000, symbols=["BTCUSDT"])
            [newest] = await client.get(TRADES)
            [old] = await client.get("/api/v3/historicalTrades?symbol=BTCUSDT&limit=1")
            assert 990 <= newest["time"] - old["time"] <= 1_100
            [other] = await client.get("/api/v3/historicalTrades?symbol=ETHUSDT&limit=1")
            assert other["time"] >= newest["time"]
            [group] = await client.get("/api/v3/aggTrades?symbol=BTCUSDT&limit=1")
            assert group["T"] <= newest["time"] - 900

    run(story)


def test_a_page_may_hold_a_higher_id_before_a_lower(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("rest_lag", by_ms=1_000, scattered=True)
            page = await client.get("/api/v3/historicalTrades?symbol=BTCUSDT&limit=200")
            ids = [row["id"] for row in page]
            assert ids == sorted(ids)
            holes = set(range(ids[0], ids[-1])) - set(ids)
            assert holes
            [newest] = await client.get(TRADES)
            while (await client.get("/oracle/symbols"))["as_of"] <= newest["time"] + 1_000:
                pass
            later = await client.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={ids[0]}&limit=1000")
            assert holes <= {row["id"] for row in later}

    run(story)


def test_an_archive_file_is_flawed_until_it_is_issued_anew(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        settings = make_settings(tmp_path)
        day = [trade(number, 1_735_776_000_000 + number * 86_400) for number in range(1_001)]
        plan = ReplayPlan((capture(tmp_path / "day.frames", day),), keep_times=True, speed=None)
        name = "BTCUSDT-trades-2025-01-02"
        url = f"http://127.0.0.1:{settings.port('exchange-archive')}/data/spot/daily/trades/BTCUSDT/{name}.zip"
        async with (
            playing(settings, plan, conditions=Conditions(switchable=True)) as (client, task),
            aiohttp.ClientSession() as session,
        ):
            async with client.open("/ws/btcusdt@trade"):
                await task
            await client.fault("archive_flaw", flaw="wrong_checksum", files=["BTCUSDT-trades-*"])
            assert not await _is_sound(session, url)
            await client.delete("/faults/1")
            assert await _is_sound(session, url)

    run(story)


async def _is_sound(session: aiohttp.ClientSession, url: str) -> bool:
    async with session.get(url) as answer, session.get(f"{url}.CHECKSUM") as told:
        assert (answer.status, told.status) == (200, 200)
        return hashlib.sha256(await answer.read()).hexdigest() == (await told.text()).split()[0]


def test_another_weight_limit_is_told_and_kept(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("rest_limit", weight=60)
            limits = (await client.get("/api/v3/exchangeInfo"))["rateLimits"]
            assert [limit["limit"] for limit in limits if limit["rateLimitType"] == "REQUEST_WEIGHT"] == [60]
            statuses = [(await client.ask(TRADES))[0] for _ in range(4)]
            assert statuses[-1] == 429
            assert (await client.ask("/oracle/symbols"))[0] == 200
            await client.delete("/faults/1")
            assert (await client.ask(TRADES))[0] == 200

    run(story)
