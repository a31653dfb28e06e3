import asyncio
import gzip
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import BOTH_TRADES, hear, hear_all, playing, run
from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files

DEMO = ReplayPlan(demo_files(), demo=True)
KEPT = ReplayPlan(demo_files(), keep_times=True, speed=None)
FRAMES = 34_419


def test_captured_frames_come_through_byte_for_byte(tmp_path: Path, make_settings: SettingsMaker) -> None:
    lines = [line for file in demo_files() for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    captured = [line.partition(" ")[2] for line in lines]

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
            async with client.open(BOTH_TRADES) as socket:
                while "3735703162" not in await socket.receive_str(timeout=5):
                    pass

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
        assert all(a["l"] + 1 == b["f"] and a["a"] + 1 == b["a"] for a, b in pairwise(aggregates))
        closed = [kline["k"] for kline in heard["btcusdt@kline_1m"] if kline["k"]["x"]]
        assert all(kline["n"] == kline["L"] - kline["f"] + 1 for kline in closed)
        assert len(heard["btcusdt@miniTicker"]) == 650

    run(story)


def test_symbols_that_were_not_chosen_are_not_waited_for(tmp_path: Path, make_settings: SettingsMaker) -> None:
    settings = make_settings(tmp_path, ticker_symbols=("ETHUSDT",))

    async def story() -> None:
        async with playing(settings, KEPT) as (client, _), client.open("/ws/ethusdt@trade") as socket:
            assert (await hear(socket))["t"] == 1520538925

    run(story)


def test_a_restarted_exchange_tells_the_same_story(tmp_path: Path, make_settings: SettingsMaker) -> None:
    plan = ReplayPlan(demo_files(), speed=None)

    async def story() -> None:
        first_frames = []
        for _ in range(2):
            async with playing(make_settings(tmp_path), plan) as (client, _), client.open(BOTH_TRADES) as socket:
                first_frames.append(await hear_all(socket, 500))
        assert first_frames[0] == first_frames[1]

    run(story)


def test_a_paced_replay_keeps_its_pace(tmp_path: Path, make_settings: SettingsMaker) -> None:
    file = capture(tmp_path / "a.frames", [trade(number, 1_000_000 + number * 1_000) for number in range(21)])
    plan = ReplayPlan((file,), keep_times=True, speed=20.0)

    async def story() -> None:
        async with playing(make_settings(tmp_path), plan) as (client, task):
            async with client.open("/ws/btcusdt@trade") as socket:
                began = asyncio.get_running_loop().time()
                await hear_all(socket, 21)
                await task
                assert 0.9 < asyncio.get_running_loop().time() - began < 3.0
            assert (await client.get("/api/v3/time"))["serverTime"] == 1_020_000

    run(story)


def test_a_looped_replay_goes_on_with_the_next_ids(tmp_path: Path, make_settings: SettingsMaker) -> None:
    file = capture(tmp_path / "a.frames", [trade(number, 1_000_000 + number) for number in range(5)])
    plan = ReplayPlan((file,), keep_times=True, loop=True, speed=None)

    async def story() -> None:
        async with playing(make_settings(tmp_path), plan) as (client, _), client.open("/ws/btcusdt@trade") as socket:
            frames = [await hear(socket) for _ in range(12)]
            assert [frame["t"] for frame in frames] == list(range(12))
            assert frames[5]["T"] == frames[0]["T"] + 60_000

    run(story)
