from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import ask, closed_with, hear, run
from tests.unit.exchange.local.troubled import HURRIED, switchable


@pytest.mark.parametrize("code", [1008, 1011, 1006])
def test_connections_are_closed_with_a_code(tmp_path: Path, make_settings: SettingsMaker, code: int) -> None:
    async def story() -> None:
        async with (
            switchable(tmp_path, make_settings) as client,
            client.open("/ws/btcusdt@trade") as oldest,
            client.open("/ws/btcusdt@trade") as newest,
        ):
            await client.fault("close", code=code, connections="newest")
            assert await closed_with(newest) == code
            await hear(oldest)

    run(story)


async def _next(socket: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage | None:
    """The next message; None: there is none for half a second."""
    try:
        return await socket.receive(timeout=0.5)
    except TimeoutError:
        return None


def test_a_half_open_connection_says_and_answers_nothing_and_stays(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with (
            switchable(tmp_path, make_settings, rules=HURRIED) as client,
            client.open("/ws/btcusdt@trade", autoping=False, autoclose=False) as socket,
        ):
            await client.fault("half_open")
            await socket.send_str('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            await socket.ping()
            while (message := await _next(socket)) is not None:
                assert "result" not in str(message.data)
            assert not socket.closed
            async with client.open("/ws/btcusdt@trade") as another:
                await hear(another)

    run(story)


@pytest.mark.parametrize("combined", [False, True])
def test_a_shutdown_is_announced_in_the_connections_shape(
    tmp_path: Path, make_settings: SettingsMaker, *, combined: bool
) -> None:
    async def story() -> None:
        path = "/stream?streams=btcusdt@trade" if combined else "/ws/btcusdt@trade"
        async with switchable(tmp_path, make_settings) as client, client.open(path) as socket:
            await client.fault("server_shutdown")
            while "serverShutdown" not in (text := await socket.receive_str(timeout=5)):
                pass
            event = msgspec.json.decode(text)
            if combined:
                assert event.pop("stream") == "!serverShutdown"
                event = event["data"]
            assert (event["e"], type(event["E"])) == ("serverShutdown", int)
            await ask(socket, "LIST_SUBSCRIPTIONS", [])

    run(story)


def test_no_new_connection_for_a_while(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client, client.open("/ws/btcusdt@trade") as socket:
            await client.fault("refuse")
            with pytest.raises(aiohttp.ClientError):
                await client.open("/ws/btcusdt@trade")
            await client.delete("/faults/1")
            await client.fault("refuse", status=503, hosts=["exchange-api"])
            with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
                await client.open("/ws/btcusdt@trade")
            await client.delete("/faults/2")
            async with client.open("/ws/btcusdt@trade") as another:
                await hear(another)
            await hear(socket)

    run(story)
