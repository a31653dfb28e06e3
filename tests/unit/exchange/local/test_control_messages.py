import asyncio
from pathlib import Path

import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import Client, ask, hear, playing, run
from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.exchange.local.doors.streams import StreamRules
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files

DEMO = ReplayPlan(demo_files(), demo=True)
KEPT = ReplayPlan(demo_files(), keep_times=True, speed=None)
UNHURRIED = StreamRules(messages_per_second=1_000)


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


def test_an_unknown_stream_is_taken_and_stays_silent(tmp_path: Path, make_settings: SettingsMaker) -> None:
    paths = ("/ws/BTCUSDT@trade", "/ws/btcusdt@nosuchstream", "/stream?streams=nosuch@trade", "/ws/0", "/stream")

    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _):
            await asyncio.gather(*(silence(client, path) for path in paths))

    async def silence(client: Client, path: str) -> None:
        async with client.open(path) as socket:
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
