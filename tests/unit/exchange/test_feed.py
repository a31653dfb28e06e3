import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSMsgType, web

from wickstream.exchange.feed import Feed

Talk = Callable[[web.WebSocketResponse, int], Awaitable[None]]
ANSWER = '{"result":null,"id":1}'
FRAME = '{"stream":"btcusdt@trade","data":{}}'


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A WebSocket server; `talk` is given each connection and its number, from 1."""
    connections = 0

    async def handle(request: web.Request) -> web.WebSocketResponse:
        nonlocal connections
        connections += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await talk(socket, connections)
        return socket

    app = web.Application()
    app.router.add_get("/stream", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def subscription(socket: web.WebSocketResponse) -> str:
    message = await socket.receive()
    assert message.type == WSMsgType.TEXT
    return str(message.data)


def frames_heard(talk: Talk, *, until: int, within_s: float = 10.0) -> list[bytes]:
    """What a feed hands on, up to that many frames."""
    heard: list[bytes] = []

    async def run() -> None:
        async with server(talk) as url:
            feed = Feed(url, ["btcusdt@trade"], heard.append)
            work = asyncio.create_task(feed.run())
            async with asyncio.timeout(within_s):
                while len(heard) < until:  # noqa: ASYNC110 (what is awaited has no event)
                    await asyncio.sleep(0.02)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    asyncio.run(run())
    return heard


def test_frames_are_handed_on_and_answers_are_not() -> None:
    async def talk(socket: web.WebSocketResponse, _: int) -> None:
        assert await subscription(socket) == '{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}'
        await socket.send_str(FRAME)
        await socket.send_str(ANSWER)
        await socket.send_str(FRAME)
        await socket.receive()

    assert frames_heard(talk, until=2) == [FRAME.encode()] * 2


def test_what_is_malformed_is_handed_on_too_so_that_it_can_be_set_aside() -> None:
    async def talk(socket: web.WebSocketResponse, _: int) -> None:
        await subscription(socket)
        await socket.send_str(ANSWER)
        await socket.send_str("garbage")
        await socket.send_str('{"data":{"e":"trade"}}')
        await socket.send_str(FRAME)
        await socket.receive()

    assert frames_heard(talk, until=3) == [b"garbage", b'{"data":{"e":"trade"}}', FRAME.encode()]


@pytest.mark.parametrize("end", ["close", "refuse"])
def test_a_connection_that_is_lost_or_refused_comes_back(end: str) -> None:
    async def talk(socket: web.WebSocketResponse, connection: int) -> None:
        await subscription(socket)
        if connection == 1:
            await socket.send_str(ANSWER if end == "close" else '{"error":{"code":2,"msg":"no"},"id":1}')
            await socket.close()
            return
        await socket.send_str(ANSWER)
        await socket.send_str(FRAME)
        await socket.receive()

    assert frames_heard(talk, until=1) == [FRAME.encode()]


def test_a_server_that_closes_each_connection_at_once_is_asked_ever_less_often() -> None:
    """The exchange bans who opens more than 300 connections in five minutes."""
    opened: list[float] = []

    async def talk(socket: web.WebSocketResponse, _: int) -> None:
        opened.append(time.monotonic())
        await subscription(socket)
        await socket.send_str(ANSWER)
        await socket.close()

    async def run() -> None:
        async with server(talk) as url:
            work = asyncio.create_task(Feed(url, ["btcusdt@trade"], lambda _: None).run())
            await asyncio.sleep(4)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    asyncio.run(run())

    assert 1 < len(opened) < 16  # without backoff some thirty
