"""Sockets against a server of streams, as tests need them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import uvloop

from tests.unit.exchange.stream_server import StreamServer
from wickstream.exchange.sockets.socket_rules import SocketRules
from wickstream.exchange.sockets.sockets import Sockets

BOTH = ("BTCUSDT", "ETHUSDT")
BOTH_STREAMS = {"btcusdt@trade", "btcusdt@ticker", "ethusdt@trade", "ethusdt@ticker"}
MANY = tuple(f"ASSET{number:04}USDT" for number in range(100))


def scaled(**rules: Any) -> SocketRules:
    """The rules with times of a test: a second for half a minute and more."""
    times: dict[str, Any] = {
        "idle_ping_s": 0.1,
        "pong_s": 0.2,
        "answer_s": 1.0,
        "subscribe_pause_s": 0.01,
        "overlap_s": 0.2,
        "backoff_s": 0.01,
        "backoff_cap_s": 0.2,
        "steady_s": 0.1,
        "renew_pause_s": 0.3,
        "renew_pause_cap_s": 10.0,
    }
    return SocketRules(**(times | rules))


class Heard:
    """What was handed on: numbers by stream."""

    def __init__(self) -> None:
        self.numbers: dict[str, list[int]] = defaultdict(list)
        self.messages: list[bytes] = []

    def __call__(self, message: bytes) -> None:
        self.messages.append(message)
        frame = msgspec.json.decode(message)
        self.numbers[frame["stream"]].append(frame["data"])

    def missed(self) -> set[str]:
        """Streams of which a number between the first and the last heard was never heard."""
        return {stream for stream, seen in self.numbers.items() if len(set(seen)) != max(seen) - min(seen) + 1}

    def count(self) -> int:
        return len(self.messages)


async def until(condition: Callable[[], object], *, within_s: float = 10.0, what: str = "the condition") -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not condition():
        assert loop.time() < deadline, f"{what} did not hold within {within_s} s"
        await asyncio.sleep(0.005)


async def more_frames(heard: Heard, count: int = 20) -> None:
    enough = heard.count() + count
    await until(lambda: heard.count() >= enough, what="frames")


@asynccontextmanager
async def running(sockets: Sockets, symbols: Iterable[str]) -> AsyncIterator["asyncio.Task[None]"]:
    """The sockets at work, everything subscribed."""
    sockets.follow(symbols)
    task = asyncio.create_task(sockets.run())
    try:
        await asyncio.wait_for(sockets.subscribed(), 10)
        yield task
    finally:
        task.cancel()
        await asyncio.wait((task,))


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    uvloop.run(asyncio.wait_for(story(), 30))


def streams_of(server: StreamServer) -> list[set[str]]:
    return [set(peer.streams) for peer in server.open_peers]
