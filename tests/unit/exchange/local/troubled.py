"""An exchange whose faults a test switches, and what a client hears of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import Client, playing
from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.exchange.local.doors.session import StreamRules
from wickstream.exchange.local.faults.conditions import Conditions
from wickstream.exchange.local.market.recording import ReplayPlan

FIRST_ID = 60_000_000  # so many ids lie behind it: a past of months
PAIRS = ("BTCUSDT", "ETHUSDT")
HURRIED = StreamRules(ping_seconds=0.2, pong_seconds=30)


@asynccontextmanager
async def switchable(
    tmp_path: Path, make_settings: SettingsMaker, *, rules: StreamRules | None = None
) -> AsyncIterator[Client]:
    """Two symbols with a trade every 10 ms each, minute after minute."""
    trades = [trade(FIRST_ID + at, 60_000 + 10 * at, symbol=symbol) for at in range(6_000) for symbol in PAIRS]
    plan = ReplayPlan((capture(tmp_path / "two.frames", trades),), demo=True)
    conditions = Conditions(switchable=True)
    async with playing(make_settings(tmp_path), plan, rules=rules, conditions=conditions) as (client, _):
        yield client


async def heard(socket: aiohttp.ClientWebSocketResponse, *, seconds: float) -> list[dict[str, Any]]:
    """All events within a time."""
    events, until = [], asyncio.get_running_loop().time() + seconds
    while (left := until - asyncio.get_running_loop().time()) > 0:
        try:
            message = await socket.receive(timeout=left)
        except TimeoutError:
            break
        assert message.type is aiohttp.WSMsgType.TEXT, message
        events.append(msgspec.json.decode(message.data))
    return events


def missing(events: list[dict[str, Any]]) -> int:
    """How many ids are not there between the first and the last."""
    ids = {int(event["t"]) for event in events}
    return max(ids) - min(ids) + 1 - len(ids)
