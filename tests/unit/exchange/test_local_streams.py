import asyncio
import gzip
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from conftest import SettingsMaker
from listening import BOTH_TRADES, ask, closed_with, hear, hear_all, playing, run
from made_trades import capture, trade
from wickstream.errors import Mistake
from wickstream.exchange.local import local_exchange
from wickstream.exchange.local_streams import StreamRules
from wickstream.exchange.recording import ReplayPlan, demo_files

DEMO = ReplayPlan(demo_files(), demo=True)
KEPT = ReplayPlan(demo_files(), keep_times=True, speed=None)
FRAMES = 34_419
UNHURRIED = StreamRules(messages_per_second=1_000)


def test_captured_frames_come_through_byte_for_byte(tmp_path: Path, make_settings: SettingsMaker) -> None:
    captured = [
        line.split(b" ", 1)[1].rstrip().decode() for file in demo_files() for line in gzip.open(file).readlines()
    ]

    async def story() -> None:
        async with playing(make_settings(tmp_path), KEPT) as (client, _), client.open(BOTH_TRADES) as socket:
            heard = await hear_all(socket, FRAMES)
            assert sorted(heard) == sorted(captured)
            assert await client.get("/api/v3/time") == {"serverTime": 1723161905800}

    run(story)


def test_nothing_is_played_until_every_symbol_has_a_listener(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), KEPT) as (client, _), client.open("/ws/btcusdt@trade") as btc:
            before = await client.get("/api/v3/ticker/24hr?symbol=BTCUSDT")
            assert (before["lastId"], before["count"], before["lastPrice"]) == (3735683258, 0, "61837.63000000")
            with pytest.raises(asyncio.TimeoutError):
                await btc.receive(timeout=0.2)
            assert await client.get("/api/v3/time") == {"serverTime": 1723161255341}
            async with client.open("/ws/ethusdt@trade") as eth:
                first_btc, first_eth = await hear(btc), await hear(eth)

        assert (first_btc["t"], first_eth["t"]) == (3735683259, 1520538925)

    run(story)


def test_at_full_speed_a_slow_client_loses_nothing(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), KEPT) as (client, _), client.open(BOTH_TRADES) as socket:
            await asyncio.sleep(0.5)  # the client reads nothing: the exchange has to wait for it
            last = [m for m in await hear_all(socket, FRAMES) if "btcusdt" in m][-1]
            assert msgspec.json.decode(last)["data"]["t"] == 3735703162

    run(story)


def test_at_full_speed_the_exchange_waits_while_nobody_listens(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), KEPT) as (client, task):
            async with client.open(BOTH_TRADES) as socket:
                await hear(socket)
            while (await client.get("/api/v3/time")) != (now := await client.get("/api/v3/time")):
                pass
            assert not task.done()
            assert now["serverTime"] < 1723161905800
            async with client.open(BOTH_TRADES):
                await task

    run(story)


def test_tickers_count_the_ids_and_stop_with_the_last_frame(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with (
            playing(make_settings(tmp_path), KEPT) as (client, task),
            client.open("/ws/btcusdt@ticker/btcusdt@trade/ethusdt@trade") as socket,
        ):
            newest, tickers = 0, 0
            while not (task.done() and newest == 3735703162):
                frame = await hear(socket)
                if frame["e"] == "trade":
                    newest = frame["t"] if frame["s"] == "BTCUSDT" else newest
                    continue
                tickers += 1
                assert (frame["C"], frame["C"] % 1_000) == (frame["E"], 0)
                assert frame["n"] == frame["L"] - frame["F"] + 1
                assert frame["L"] == newest
            assert tickers == 650

    run(story)


def test_the_demo_plays_on_from_now(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _), client.open("/ws/btcusdt@trade") as socket:
            newest = (await client.get("/api/v3/trades?symbol=BTCUSDT&limit=1"))[0]["id"]
            frame = await hear(socket)
            assert frame["t"] <= newest + 1
            assert abs(frame["T"] - (await client.get("/api/v3/time"))["serverTime"]) < 2_000

    run(story)


def test_all_derived_streams_speak(tmp_path: Path, make_settings: SettingsMaker) -> None:
    names = ["btcusdt@aggTrade", "btcusdt@miniTicker", "btcusdt@kline_1m", "btcusdt@kline_1s"]
    plan = ReplayPlan(demo_files(), keep_times=True, speed=None)

    async def story() -> None:
        async with (
            playing(make_settings(tmp_path), plan) as (client, task),
            client.open("/stream?streams=" + "/".join(names)) as socket,
            client.open(BOTH_TRADES) as other,
        ):
            heard: dict[str, list[Any]] = {name: [] for name in names}
            reading = asyncio.create_task(hear_all(other, FRAMES))
            while len(heard["btcusdt@kline_1s"]) < 650:
                message = await hear(socket)
                heard[message["stream"]].append(message["data"])
            await asyncio.gather(reading, task)

        aggregates = heard["btcusdt@aggTrade"]
        assert aggregates[0]["f"] == 3735683259
        assert all(a["l"] + 1 == b["f"] and a["a"] + 1 == b["a"] for a, b in zip(aggregates, aggregates[1:], strict=False))
        closed = [kline["k"] for kline in heard["btcusdt@kline_1m"] if kline["k"]["x"]]
        assert all(kline["n"] == kline["L"] - kline["f"] + 1 for kline in closed)
        assert len(heard["btcusdt@miniTicker"]) == 650

    run(story)


def test_streams_are_subscribed_listed_and_left(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        settings = make_settings(tmp_path)
        async with playing(settings, DEMO, rules=UNHURRIED) as (client, _), client.open("/ws") as socket:
            assert await ask(socket, "SUBSCRIBE", ["btcusdt@trade", "ethusdt@ticker"]) == {"result": None, "id": 1}
            listed = await ask(socket, "LIST_SUBSCRIPTIONS", [], "list7")
            assert listed == {"result": ["btcusdt@trade", "ethusdt@ticker"], "id": "list7"}
            assert await ask(socket, "UNSUBSCRIBE", ["btcusdt@trade", "never@had"], 3) == {"result": None, "id": 3}
            assert (await ask(socket, "LIST_SUBSCRIPTIONS", [], 4))["result"] == ["ethusdt@ticker"]
            assert (await ask(socket, "GET_PROPERTY", ["combined"], 5))["result"] is False
            assert (await ask(socket, "SET_PROPERTY", ["combined", True], 6)) == {"result": None, "id": 6}
            assert (await ask(socket, "GET_PROPERTY", ["combined"], None)) == {"result": True, "id": None}
            assert (await hear(socket))["stream"] == "ethusdt@ticker"

    run(story)


@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        ("not json", 3, "Invalid JSON: expected value at line 1 column 1"),
        ('{"method":"JUMP","id":4}', 2, "Invalid request: unknown variant `JUMP`, expected one of"),
        ('{"params":[],"id":4}', 2, "Invalid request: missing field `method` at line 1 column 20"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":-4}', 2, "Invalid request: request ID must be"),
        ('{"method":"SUBSCRIBE","params":[7],"id":4}', 2, "Invalid request: "),
        ('{"method":"GET_PROPERTY","params":["colour"],"id":4}', 0, "Unknown property"),
        ('{"method":"GET_PROPERTY","params":[1],"id":4}', 2, "Invalid request: property name must be a string"),
        ('{"method":"SET_PROPERTY","params":["combined",1],"id":4}', 1, "Invalid value type: expected Boolean"),
        ('{"method":"SET_PROPERTY","params":["combined",true,1],"id":4}', 2, "Invalid request: too many parameters"),
        ('{"method":"SUBSCRIBE","id":4,"params":["' + "a" * 4_100 + '"]}', 3, "Invalid JSON: "),
    ],
)
def test_errors_are_nested_and_name_the_code(
    tmp_path: Path, make_settings: SettingsMaker, message: str, code: int, text: str
) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _), client.open("/ws") as socket:
            await socket.send_str(message)
            error = (await hear(socket))["error"]
            assert error["code"] == code
            assert error["msg"].startswith(text)

    run(story)


@pytest.mark.parametrize(
    "path", ["/ws/BTCUSDT@trade", "/ws/btcusdt@nosuchstream", "/stream?streams=nosuch@trade", "/ws/0", "/stream"]
)
def test_an_unknown_stream_is_taken_and_stays_silent(tmp_path: Path, make_settings: SettingsMaker, path: str) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _), client.open(path) as socket:
            with pytest.raises(asyncio.TimeoutError):
                await socket.receive(timeout=1.2)

    run(story)


def test_percent_encoded_names_are_the_same_streams(tmp_path: Path, make_settings: SettingsMaker) -> None:
    file = capture(tmp_path / "a.frames", [trade(1, 1_000, symbol="这是测试币456")])
    plan = ReplayPlan((file,), speed=None)

    async def story() -> None:
        for path in ("/ws/%E8%BF%99%E6%98%AF%E6%B5%8B%E8%AF%95%E5%B8%81456%40trade", "/ws/这是测试币456@trade"):
            async with playing(make_settings(tmp_path), plan) as (client, _), client.open(path) as socket:
                assert (await hear(socket))["s"] == "这是测试币456"

    run(story)


def test_times_come_in_the_unit_that_was_asked_for(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with (
            playing(make_settings(tmp_path), KEPT) as (client, _),
            client.open("/ws/btcusdt@trade/btcusdt@ticker/btcusdt@kline_1s?timeUnit=microsecond") as fine,
            client.open("/ws/ethusdt@trade?timeUnit=MILLISECOND") as coarse,
        ):
            first = await hear(fine)
            assert (first["T"], first["E"], first["t"]) == (1723161255342000, 1723161255343000, 3735683259)
            assert (await hear(coarse))["T"] == 1723161255611
            while (frame := await hear(fine))["e"] != "24hrTicker":
                pass
            assert (frame["C"], frame["O"], frame["L"]) == (1723161256000000, 1723074856000000, frame["L"])
            assert frame["L"] < 10**10
            while (frame := await hear(fine))["e"] != "kline":
                pass
            assert (frame["k"]["t"], frame["k"]["L"] < 10**10) == (1723161255000000, True)

    run(story)


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


def test_a_half_open_client_at_full_speed_is_cut_and_the_others_go_on(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    rules = StreamRules(ping_seconds=0.2, pong_seconds=1.0)
    frames = [trade(number, 1_000 + number) for number in range(200_000)]
    plan = ReplayPlan((capture(tmp_path / "long.frames", frames),), speed=None)

    async def story() -> None:
        settings = make_settings(tmp_path)
        async with playing(settings, plan, rules=rules) as (client, task):
            reader, writer = await asyncio.open_connection("127.0.0.1", settings.port("exchange"), limit=1_024)
            writer.write(
                b"GET /ws/btcusdt@trade HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
            async with client.open("/ws/btcusdt@trade") as socket:
                while (await hear(socket))["t"] < 199_999:
                    pass
            await task
            writer.close()

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
