import asyncio
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import ask, closed_with, hear, playing, run
from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.errors import Mistake
from wickstream.exchange.local.doors.streams import StreamRules
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files
from wickstream.exchange.local.process import local_exchange

DEMO = ReplayPlan(demo_files(), demo=True)
HANDSHAKE = (
    b"GET /ws/btcusdt@trade HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def test_more_than_five_messages_a_second_end_the_connection(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _), client.open("/ws") as socket:
            for _ in range(3):
                await socket.ping()
                await socket.send_str('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            assert await closed_with(socket) == aiohttp.WSCloseCode.POLICY_VIOLATION

    run(story)


def test_who_does_not_answer_pings_is_cut(tmp_path: Path, make_settings: SettingsMaker) -> None:
    rules = StreamRules(ping_seconds=0.05, pong_seconds=0.3)

    async def story() -> None:
        async with (
            playing(make_settings(tmp_path), DEMO, rules=rules) as (client, _),
            client.open("/ws", autoping=False) as silent,
        ):
            assert (await silent.receive(timeout=5)).type is aiohttp.WSMsgType.PING
            assert await closed_with(silent) == aiohttp.WSCloseCode.ABNORMAL_CLOSURE

    run(story)


def test_who_answers_pings_stays_until_the_end_of_its_day(tmp_path: Path, make_settings: SettingsMaker) -> None:
    rules = StreamRules(ping_seconds=0.25, pong_seconds=0.5, life_seconds=1.5)

    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO, rules=rules) as (client, _), client.open("/ws") as socket:
            began = asyncio.get_running_loop().time()
            assert await closed_with(socket) == aiohttp.WSCloseCode.GOING_AWAY
            assert asyncio.get_running_loop().time() - began >= 1.4

    run(story)


def test_its_day_does_not_end_with_a_ping(tmp_path: Path, make_settings: SettingsMaker) -> None:
    rules = StreamRules(ping_seconds=0.3, life_seconds=0.5)

    async def story() -> None:
        async with (
            playing(make_settings(tmp_path), DEMO, rules=rules) as (client, _),
            client.open("/ws", autoping=False) as socket,
        ):
            heard = [(await socket.receive(timeout=5)).type for _ in range(2)]
            assert heard == [aiohttp.WSMsgType.PING, aiohttp.WSMsgType.CLOSE]

    run(story)


def test_a_client_that_is_busy_at_the_end_of_its_day_hears_the_farewell_too(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    rules = StreamRules(ping_seconds=0.02, life_seconds=0.5)
    frames = [trade(number, 1_000 + number) for number in range(40_000)]
    plan = ReplayPlan((capture(tmp_path / "long.frames", frames),), speed=None)

    async def story() -> None:
        async with (
            playing(make_settings(tmp_path), plan, rules=rules) as (client, _),
            client.open("/ws/btcusdt@trade") as socket,
        ):
            await asyncio.sleep(0.8)  # what it does instead of reading
            assert await closed_with(socket) == aiohttp.WSCloseCode.GOING_AWAY

    run(story)


def test_one_that_does_not_answer_the_farewell_is_cut(tmp_path: Path, make_settings: SettingsMaker) -> None:
    rules = StreamRules(life_seconds=0.1, farewell_seconds=0.2)

    async def story() -> None:
        settings = make_settings(tmp_path)
        async with playing(settings, DEMO, rules=rules):
            reader, writer = await asyncio.open_connection("127.0.0.1", settings.port("exchange"))
            writer.write(HANDSHAKE)
            with suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 5)
            writer.transport.abort()

    run(story)


def test_a_half_open_client_at_full_speed_is_cut_and_the_others_go_on(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    rules = StreamRules(ping_seconds=0.4, pong_seconds=2.0)
    frames = [trade(number, 1_000 + number) for number in range(80_000)]
    plan = ReplayPlan((capture(tmp_path / "long.frames", frames),), speed=None)

    async def story() -> None:
        settings = make_settings(tmp_path)
        async with playing(settings, plan, rules=rules) as (client, task):
            reader, writer = await asyncio.open_connection("127.0.0.1", settings.port("exchange"), limit=1_024)
            writer.write(HANDSHAKE)
            await reader.readuntil(b"\r\n\r\n")
            async with client.open("/ws/btcusdt@trade") as socket:
                while (await hear(socket))["t"] < 79_999:
                    pass
            await task
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()

    run(story)


def test_more_than_1024_streams_are_refused(tmp_path: Path, make_settings: SettingsMaker) -> None:
    rules = StreamRules(streams=3)

    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO, rules=rules) as (client, _):
            async with client.open("/ws/a@x/b@x") as socket:
                assert (await ask(socket, "SUBSCRIBE", ["c@x", "a@x"]))["result"] is None
                assert (await ask(socket, "SUBSCRIBE", ["d@x"]))["error"]["code"] == 4
            async with client.open("/ws/a@x/b@x/c@x/d@x") as socket:
                assert await closed_with(socket) == aiohttp.WSCloseCode.POLICY_VIOLATION

    run(story)


def test_paths_that_are_no_streams_are_refused(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _):
            assert (await client.ask("/nothing/here"))[0] == 404
            assert (await client.ask("/ws"))[0] == 400

    run(story)


def test_a_port_in_use_is_a_mistake(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        settings = make_settings(tmp_path)
        async with playing(settings, DEMO):
            with pytest.raises(Mistake, match=r"cannot listen on 127\.0\.0\.1"):
                async with local_exchange(settings, DEMO):
                    pass

    run(story)
