"""Symbols in letters of any script, from the exchange's frames and REST to the records for Kafka."""

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import ask, hear, playing, run
from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.config import Settings
from wickstream.exchange.local.market.recording import ReplayPlan
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sockets.sockets import Sockets

NAMES = ("币安人生USDT", "这是测试币456", "ÄÖÜUSDT")
START_MS = 1_723_161_600_000


@pytest.fixture
def plan(tmp_path: Path) -> ReplayPlan:
    trades = [trade(number, START_MS + number * 100, symbol=name) for number in range(1, 100) for name in NAMES]
    return ReplayPlan((capture(tmp_path / "any.frames", trades),), keep_times=True, speed=None)


@pytest.fixture
def settings(tmp_path: Path, make_settings: SettingsMaker) -> Settings:
    made = make_settings(tmp_path, ticker_symbols=",".join(NAMES))
    urls = {
        name: f"http://127.0.0.1:{made.port('exchange-api')}" for name in ("exchange_rest_url", "exchange_trades_url")
    }
    return made.model_copy(update=urls | {"exchange_ws_url": f"ws://127.0.0.1:{made.port('exchange-api')}"})


def test_streams_are_asked_for_in_addresses_and_in_messages(settings: Settings, plan: ReplayPlan) -> None:
    first, second, third = (f"{name.lower()}@trade" for name in NAMES)

    async def story() -> None:
        async with (
            playing(settings, plan) as (client, _),
            client.open(f"/ws/{quote(first)}") as raw,
            client.open("/stream") as combined,
        ):
            assert await ask(combined, "SUBSCRIBE", [second, third]) == {"result": None, "id": 1}
            assert (await ask(combined, "LIST_SUBSCRIPTIONS", []))["result"] == [second, third]
            assert (await hear(raw))["s"] == NAMES[0]
            assert (await hear(combined))["stream"] in (second, third)

    run(story)


def test_our_sockets_and_our_client_know_them(settings: Settings, plan: ReplayPlan) -> None:
    heard: list[bytes] = []

    async def story() -> None:
        async with playing(settings, plan) as (_, played), ExchangeClient(settings) as client:
            sockets = Sockets(settings.exchange_ws_url, heard.append)
            sockets.follow(NAMES)
            following = asyncio.create_task(sockets.run())
            await asyncio.wait_for(played, 20)
            following.cancel()
            await asyncio.wait((following,))

            assert {info.symbol for info in (await client.exchange_info(NAMES)).symbols} == set(NAMES)
            assert (await client.tickers())[NAMES[0]].last_id == 99
            for name in NAMES:
                page = await client.historical_trades(name, 90)
                assert [arrival.trade_id for arrival in page] == list(range(90, 100))
                assert (await client.klines(name, START_MS, now_ms=START_MS + 3_600_000))[0].symbol == name

    run(story)

    for name in NAMES:
        assert sum(f'"s":"{name}"'.encode() in frame for frame in heard) >= 99
