"""A client of the local exchange, as tests need it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import uvloop

from wickstream.config import Settings
from wickstream.exchange.local.doors.streams import StreamRules
from wickstream.exchange.local.faults.conditions import UNDISTURBED, Conditions
from wickstream.exchange.local.market.recording import ReplayPlan
from wickstream.exchange.local.process import local_exchange

BOTH_TRADES = "/stream?streams=btcusdt@trade/ethusdt@trade"
PATIENCE_S = 20.0


class Client:
    """REST and sockets against one exchange."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._base = f"http://127.0.0.1:{port}"

    async def get(self, path: str, **headers: str) -> Any:
        """The decoded body, whatever the status."""
        return msgspec.json.decode((await self.ask(path, **headers))[2])

    async def ask(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.get(self._base + path, headers=named) as answer:
            return answer.status, dict(answer.headers), await answer.read()

    async def fault(self, fault: str, **arguments: Any) -> tuple[int, Any]:
        """Switch a fault on; status and decoded body."""
        entry = msgspec.json.encode({"fault": fault, **arguments})
        async with self._session.post(f"{self._base}/faults", data=entry) as answer:
            return answer.status, msgspec.json.decode(await answer.read())

    async def delete(self, path: str) -> int:
        """The status."""
        async with self._session.delete(self._base + path) as answer:
            return answer.status

    def open(self, path: str, **options: Any) -> Any:
        """A socket; use as a context."""
        return self._session.ws_connect(self._base + path, max_msg_size=0, **options)


@asynccontextmanager
async def playing(
    settings: Settings,
    plan: ReplayPlan,
    *,
    rules: StreamRules | None = None,
    conditions: Conditions = UNDISTURBED,
) -> AsyncIterator[tuple[Client, "asyncio.Task[None]"]]:
    async with (
        local_exchange(settings, plan, rules=rules, conditions=conditions) as task,
        aiohttp.ClientSession() as session,
    ):
        yield Client(session, settings.port("exchange-api")), task


async def hear(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """The next message, decoded."""
    return msgspec.json.decode(await socket.receive_str(timeout=PATIENCE_S))


async def hear_all(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[str]:
    return [await socket.receive_str(timeout=PATIENCE_S) for _ in range(count)]


async def ask(socket: aiohttp.ClientWebSocketResponse, method: str, params: list[Any], request_id: Any = 1) -> Any:
    """Send a control message; the answer, past the frames that come before it."""
    await socket.send_bytes(msgspec.json.encode({"method": method, "params": params, "id": request_id}))
    while "id" not in (message := await hear(socket)):
        pass
    return message


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code the exchange hangs up with."""
    while (await socket.receive(timeout=PATIENCE_S)).type not in (
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSED,
        aiohttp.WSMsgType.ERROR,
    ):
        pass
    return socket.close_code


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    uvloop.run(asyncio.wait_for(story(), 60))
