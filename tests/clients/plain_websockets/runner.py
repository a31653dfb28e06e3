"""What the `websockets` library sees of an exchange: nothing between the test and the bytes."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.clients.telling import run, tell

BOTH_TRADES = "stream?streams=btcusdt@trade/ethusdt@trade"
PAUSE_S = 0.25  # five messages a second are allowed
SHORT_S = 0.1  # no farewell comes in time from an exchange that is playing at full speed


async def frames(address: str, count: int) -> None:
    """Both symbols' trades on a combined connection, as they came."""
    async with connect(f"ws://{address}/{BOTH_TRADES}", close_timeout=SHORT_S) as socket:
        for _ in range(count):
            tell("frame", await socket.recv())


async def raw(address: str, count: int) -> None:
    """One symbol's trades on a raw connection, as they came."""
    async with connect(f"ws://{address}/ws/btcusdt@trade", close_timeout=SHORT_S) as socket:
        for _ in range(count):
            tell("frame", await socket.recv())


async def control(address: str) -> None:
    """Every control message, right and wrong, and the answers."""
    async with connect(f"ws://{address}/ws") as socket:
        for message in (
            '{"method":"SUBSCRIBE","params":["btcusdt@trade","nosuch@trade"],"id":1}',
            '{"method":"LIST_SUBSCRIPTIONS","id":"2f1a9d0e-5a43-4d7c-8a0b-6d3b1f6f9c11"}',
            '{"method":"UNSUBSCRIBE","params":["nosuch@trade","never@had"],"id":null}',
            '{"method":"LIST_SUBSCRIPTIONS","id":4}',
            '{"method":"SET_PROPERTY","params":["combined",true],"id":5}',
            '{"method":"GET_PROPERTY","params":["combined"],"id":6}',
            '{"method":"GET_PROPERTY","params":["colour"],"id":7}',
            '{"method":"SET_PROPERTY","params":["combined",1],"id":8}',
            '{"method":"JUMP","id":9}',
            "no json",
        ):
            await socket.send(message)
            tell("answer", await answer_of(socket))
            await asyncio.sleep(PAUSE_S)
        while "stream" not in (message := json.loads(await socket.recv())):
            pass
        tell("after", message)


async def answer_of(socket: ClientConnection) -> Any:
    """The next message that is no frame."""
    while "id" not in (message := json.loads(await socket.recv())):
        pass
    return message


async def pings(address: str) -> None:
    """A pong carries its ping's payload; ours come back, and the exchange's are answered by the library."""
    async with connect(f"ws://{address}/ws/btcusdt@trade", ping_interval=None) as socket:
        tell("round trip", await asyncio.wait_for(await socket.ping(b"any payload"), 5))
        tell("frame", await socket.recv())


async def flood(address: str) -> None:
    """The close that more than five messages a second earn."""
    async with connect(f"ws://{address}/ws") as socket:
        for number in range(6):
            await socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
        await told_end(socket)


async def day(address: str) -> None:
    """The close at the end of a connection's life, which the library's pongs did not shorten."""
    async with connect(f"ws://{address}/ws/btcusdt@trade") as socket:
        await told_end(socket)


async def refused(address: str) -> None:
    """The status of a handshake on a path that is none."""
    try:
        await connect(f"ws://{address}/nothing/here")
    except InvalidStatus as refusal:
        tell("status", refusal.response.status_code)


async def told_end(socket: ClientConnection) -> None:
    """Read to the end, and tell how it was."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        tell("end", [closed.rcvd.code, closed.rcvd.reason] if closed.rcvd else None)


run({"frames": frames, "raw": raw, "control": control, "pings": pings, "flood": flood, "day": day, "refused": refused})
