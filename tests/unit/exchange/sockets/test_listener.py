import asyncio

import picows
import pytest

from wickstream.exchange.sockets.listener import Listener

FRAME = b'{"stream":"btcusdt@trade","data":{"e":"trade"}}'
ANSWER = b'{"result":null,"id":1}'
ERROR = b'{"error":{"code":2,"msg":"Invalid request"},"id":1}'


class Client:
    """What a listener hands on of what a server sends, over a real connection."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.shutdowns = 0
        self.listener = Listener(self.heard.append, on_shutdown=self._on_shutdown)

    def _on_shutdown(self) -> None:
        self.shutdowns += 1


class Script(picows.WSListener):
    """A server that sends its frames and hangs up."""

    def __init__(self, frames: list[tuple[picows.WSMsgType, bytes, bool]]) -> None:
        self._frames = frames

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        for kind, payload, is_last in self._frames:
            transport.send(kind, payload, fin=is_last)
        transport.send_close(picows.WSCloseCode.POLICY_VIOLATION, b"Too many requests")


def texts(*messages: bytes) -> list[tuple[picows.WSMsgType, bytes, bool]]:
    return [(picows.WSMsgType.TEXT, message, True) for message in messages]


def listen(frames: list[tuple[picows.WSMsgType, bytes, bool]]) -> Client:
    """To the end."""
    client = Client()

    async def talk() -> None:
        server = await picows.ws_create_server(lambda _: Script(frames), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport, _ = await picows.ws_connect(lambda: client.listener, f"ws://127.0.0.1:{port}/stream")
        await asyncio.wait_for(transport.wait_disconnected(), 5)
        server.close()

    asyncio.run(talk())
    return client


def test_frames_are_handed_on_and_answers_are_kept() -> None:
    client = listen(texts(FRAME, ANSWER, ERROR, FRAME))

    assert client.heard == [FRAME, FRAME]
    assert [client.listener.answers.get_nowait() for _ in range(2)] == [ANSWER, ERROR]


def test_what_is_malformed_is_handed_on_too_so_that_it_can_be_set_aside() -> None:
    odd = [b"garbage", b'{"data":{"e":"trade"}}', b"", b'{"stream":7}']

    assert listen(texts(*odd)).heard == odd


def test_a_message_in_parts_is_handed_on_whole() -> None:
    first, rest = FRAME[:10], FRAME[10:]
    client = listen(
        [
            (picows.WSMsgType.TEXT, first, False),
            (picows.WSMsgType.CONTINUATION, rest[:5], False),
            (picows.WSMsgType.CONTINUATION, rest[5:], True),
            (picows.WSMsgType.TEXT, FRAME, True),
        ]
    )

    assert client.heard == [FRAME, FRAME]


@pytest.mark.parametrize(
    "announcement",
    [b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}', b'{"e":"serverShutdown","E":1}'],
)
def test_an_announced_shutdown_is_heeded_and_not_handed_on(announcement: bytes) -> None:
    client = listen(texts(FRAME, announcement, FRAME))

    assert client.heard == [FRAME, FRAME]
    assert client.shutdowns == 1
    assert client.listener.is_shutting_down


def test_the_last_words_of_the_exchange_are_kept() -> None:
    assert "Too many requests" in listen([]).listener.farewell
