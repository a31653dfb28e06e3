import re
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import hear, run
from tests.unit.exchange.local.troubled import HURRIED, heard, missing, switchable

_WHOLE = re.compile(
    r'\{"e":"trade","E":\d{13},"s":"BTCUSDT","t":\d+,"p":"100.00","q":"1.000","T":\d{13},"m":false,"M":true\}'
)


def test_a_stalled_stream_is_silent_and_the_others_and_pings_go_on(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with (
            switchable(tmp_path, make_settings, rules=HURRIED) as client,
            client.open("/ws/btcusdt@trade/ethusdt@trade", autoping=False) as socket,
        ):
            await client.fault("stall", streams=["btcusdt@*"], for_s=0.7)
            while (await socket.receive(timeout=5)).type is not aiohttp.WSMsgType.PING:
                pass
            events = await heard_past_pings(socket, until="BTCUSDT")
            assert len(events) > 10
            assert {event["s"] for event in events[5:-1]} == {"ETHUSDT"}

    run(story)


async def heard_past_pings(socket: aiohttp.ClientWebSocketResponse, *, until: str) -> list[dict[str, Any]]:
    """Events after the last one of a symbol for at least 0.2 s, until the first one of it again."""
    events: list[dict[str, Any]] = []
    while True:
        message = await socket.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.TEXT:
            events.append(msgspec.json.decode(message.data))
            if events[-1]["s"] == until and len(events) > 10:
                return events
            if events[-1]["s"] == until:
                events.clear()


def test_a_hole_on_the_socket_is_filled_by_rest(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client, client.open("/ws/btcusdt@trade") as socket:
            before = (await hear(socket))["t"]
            await client.fault("drop", streams=["btcusdt@trade"], at_most=7)
            events = await heard(socket, seconds=0.4)
            assert missing([{"t": before}, *events]) == 7
            page = await client.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={before}&limit=1000")
            ids = [row["id"] for row in page]
            assert ids == list(range(before, before + len(ids)))

    run(story)


def test_copies_and_shuffled_frames_lose_nothing(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client, client.open("/ws/btcusdt@trade") as socket:
            await client.fault("duplicate", share=0.5)
            await client.fault("shuffle", within_ms=50, share=0.5)
            ids = [event["t"] for event in (await heard(socket, seconds=0.8))]
            settled = [number for number in ids if min(ids) + 10 < number < max(ids) - 10]
            assert set(settled) == set(range(min(settled), max(settled) + 1))
            assert len(settled) > 1.2 * len(set(settled))
            assert settled != sorted(settled)

    run(story)


def test_one_symbol_comes_late_and_in_order(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with (
            switchable(tmp_path, make_settings) as client,
            client.open("/ws/btcusdt@trade/ethusdt@trade") as socket,
        ):
            await client.fault("delay", by_s=0.5, streams=["btcusdt@*"])
            events = (await heard(socket, seconds=1.2))[20:]
            late = [event["t"] for event in events if event["s"] == "BTCUSDT"]
            prompt = [event["t"] for event in events if event["s"] == "ETHUSDT"]
            assert late == list(range(late[0], late[-1] + 1))
            assert prompt[-1] - late[-1] > 30

    run(story)


@pytest.mark.parametrize(
    "fault",
    [{"fault": "bad_json"}, {"fault": "wrong_types"}, {"fault": "oversize", "size_bytes": 5_000_000}],
)
def test_so_many_poisoned_frames_come(tmp_path: Path, make_settings: SettingsMaker, fault: dict[str, Any]) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client, client.open("/ws/btcusdt@trade") as socket:
            await client.fault(**fault, at_most=5, in_place=False)
            poisoned = 0
            while poisoned < 5:
                poisoned += not is_whole(await socket.receive_str(timeout=5))
            assert all([is_whole(await socket.receive_str(timeout=5)) for _ in range(25)])

    run(story)


def is_whole(text: str) -> bool:
    """As the recording has it, but for the id and the times."""
    return _WHOLE.fullmatch(text) is not None


def test_times_are_wrong_on_the_socket_and_right_on_rest(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client, client.open("/ws/btcusdt@trade") as socket:
            await client.fault("wrong_time", to_ms=10**13, at_most=1)
            while (event := await hear(socket))["T"] != 10**13:
                pass
            [row] = await client.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={event['t']}&limit=1")
            assert row["id"] == event["t"]
            assert row["time"] < 10**13

    run(story)
