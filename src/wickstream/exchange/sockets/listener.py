"""What comes in on one connection: frames of streams go on, answers and farewells are kept here."""

import asyncio
from collections.abc import Callable

import picows

from wickstream.binance.frames import is_answer
from wickstream.binance.streams import SHUTDOWN_EVENT, SHUTDOWN_STREAM

OnFrame = Callable[[bytes], None]

_TEXT = picows.WSMsgType.TEXT
_STREAM = b'{"stream":"'
_EXCHANGE_STREAM = b'{"stream":"!'
_SHUTDOWNS = (b'{"stream":"%b"' % SHUTDOWN_STREAM.encode(), b'{"e":%b' % SHUTDOWN_EVENT)


class Listener(picows.WSListener):
    """Hands whole text messages of streams on, byte for byte, and what is malformed too: it is set aside, not lost."""

    def __init__(self, on_frame: OnFrame, *, on_shutdown: Callable[[], None]) -> None:
        self._on_frame = on_frame
        self._on_shutdown = on_shutdown
        self._parts: list[bytes] = []
        self.heard = False  # a frame of a stream; whoever wants to know sets it back
        self.is_shutting_down = False
        self.ponged = asyncio.Event()
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()
        self.farewell = "without a word"

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Called for each frame; the first branch is the one for which every nanosecond counts."""
        if frame.fin and frame.msg_type is _TEXT:
            message = frame.get_payload_as_bytes()
            if message.startswith(_STREAM) and not message.startswith(_EXCHANGE_STREAM):
                self.heard = True
                self._on_frame(message)
            else:
                self._on_message(message)
        else:
            self._on_other(transport, frame)

    def first_frame(self) -> "asyncio.Future[None]":
        """Done with the next frame of a stream."""
        heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        hand_on = self._on_frame

        def hear(message: bytes) -> None:
            self._on_frame = hand_on
            if not heard.done():
                heard.set_result(None)
            hand_on(message)

        self._on_frame = hear
        return heard

    def forget_answers(self) -> None:
        """Those that came and nobody waited for."""
        while not self.answers.empty():
            self.answers.get_nowait()

    def _on_message(self, message: bytes) -> None:
        if message.startswith(_SHUTDOWNS):
            self.is_shutting_down = True
            self._on_shutdown()
        elif is_answer(message):
            self.answers.put_nowait(message)
        else:
            self._on_frame(message)

    def _on_other(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        kind = frame.msg_type
        if kind is picows.WSMsgType.CLOSE:  # unanswered, the server would keep us waiting in silence
            self.farewell = f"{frame.get_close_code()} {frame.get_close_reason() or ''}".strip()
            transport.send_close(picows.WSCloseCode.OK)
            transport.disconnect()
        elif kind is picows.WSMsgType.PONG:
            self.ponged.set()
        elif kind in (_TEXT, picows.WSMsgType.CONTINUATION):
            self._on_part(frame)

    def _on_part(self, frame: picows.WSFrame) -> None:
        self._parts.append(frame.get_payload_as_bytes())
        if frame.fin:
            message, self._parts = b"".join(self._parts), []
            self.heard = True
            self._on_message(message)
