"""The exchanges that foreign clients are sent to."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import aiohttp
import uvloop

from tests.clients.environments import ForeignClient, Seen
from wickstream.config import Settings, child_environment
from wickstream.exchange.local.doors.streams import StreamRules
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files
from wickstream.exchange.local.process import local_exchange
from wickstream.operate.stack import answers, exchange_arguments
from wickstream.operate.supervision.process import ProcessSpec

DEMO = ReplayPlan(demo_files(), demo=True)
AS_CAPTURED = ReplayPlan(demo_files(), keep_times=True, speed=None)
LOOPED = replace(AS_CAPTURED, loop=True)
SHORT_DAY = StreamRules(ping_seconds=0.3, pong_seconds=2.0, life_seconds=6.0)  # who sends no pongs does not see its end


class Shared(StrEnum):
    """An exchange that many stories are told of."""

    DEMO = "demo"  # plays the captures for ever at the present time
    ENDED = "ended"  # has played them with their own times, and stands at their end


@dataclass(frozen=True)
class Own:
    """An exchange that plays for one story only.

    Attributes:
        numbers: what the story is to be told with, such as how many frames.
    """

    plan: ReplayPlan
    rules: StreamRules | None = None
    numbers: tuple[int, ...] = ()
    symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")


Stories = Mapping[str, Own | Shared]
TellAll = Callable[[str, Stories], Callable[[str], Seen]]


def port_of(settings: Settings) -> int:
    """Of the host that has everything."""
    return settings.port("exchange-api")


def exchange_process(settings: Settings, plan: ReplayPlan) -> ProcessSpec:
    """`wickstream exchange`, as a user starts it."""
    return ProcessSpec(
        name="exchange",
        argv=(sys.executable, "-P", "-m", "wickstream", "exchange", *exchange_arguments(plan)),
        env=child_environment(settings),
        cwd=settings.data_dir / "work",
        is_ready=lambda: answers("127.0.0.1", port_of(settings), "/api/v3/ping"),
    )


def told(client: ForeignClient, story: str, asked: Own, settings: Settings) -> Seen:
    """What a client sees of an exchange of its own, which plays from the beginning."""

    async def played() -> Seen:
        async with local_exchange(settings, asked.plan, rules=asked.rules):
            return await asyncio.to_thread(client.tells, story, *asked.numbers, port=port_of(settings))

    return uvloop.run(played())


def play_out(port: int, *, last_ids: dict[str, int]) -> None:
    """Listen until each stream's last trade has come."""

    async def listened() -> None:
        url = f"ws://127.0.0.1:{port}/stream?streams={'/'.join(last_ids)}"
        missing = dict(last_ids)
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            while missing:
                frame = await socket.receive_json(timeout=20)
                if frame["data"]["t"] == missing.get(frame["stream"]):
                    del missing[frame["stream"]]

    uvloop.run(listened())
