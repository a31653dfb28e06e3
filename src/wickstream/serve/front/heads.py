"""uvicorn's HTTP protocol, with an end to how large a head may be and how long it may take, and an express lane."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from wickstream.serve.front.doorstep import LARGEST_HEAD, LONGEST_TARGET
from wickstream.serve.front.express import Express
from wickstream.serve.front.hot_store import lines_of

HEAD_BYTES = 2 * (LARGEST_HEAD + LONGEST_TARGET)  # what is larger has no words for it any more
HEAD_S = 10.0
TAKE_S = 30.0  # what was written has to be taken, or the connection and all that waits for it are let go

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HeadProtocol(HttpToolsProtocol):
    """Counts bytes until a head is complete: the parser would take them for ever, and so would a connection wait.

    What the express lane knows is written as soon as the head is there, without a task and a cycle of messages.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is to come soon; between two requests uvicorn's keep-alive has its own end."""
        super().connection_made(transport)
        self._express: Express | None = self.app_state.get("express")
        self._is_answered = False
        self._head_bytes = 0
        self._is_in_head = True
        self._head_end: asyncio.TimerHandle | None = self.loop.call_later(HEAD_S, self._give_up)
        self._take_end: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Of the client; most heads are there at once, and nobody waits for them."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._is_in_head and self._head_end is None:
            self._head_end = self.loop.call_later(HEAD_S, self._give_up)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        """It is there."""
        self._stop_waiting()
        self._is_answered = self._express is not None and self._is_plain() and self._answer_at_once(self._express)
        if not self._is_answered:
            super().on_headers_complete()

    def _is_plain(self) -> bool:
        """Nothing but a question, and nothing before it that is not answered and sent."""
        return (
            self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and self._head_bytes <= LARGEST_HEAD
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
        )

    def _answer_at_once(self, express: Express) -> bool:
        answer = express.answer(self.url, self.headers, self.client[0] if self.client else None)
        if answer is None:
            return False
        head, body = answer
        self.transport.writelines((head, lines_of(self.server_state.default_headers), b"\r\n", body))
        self.on_response_complete()
        return True

    def on_body(self, body: bytes) -> None:
        """Of a request that has one."""
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """What comes is the next one's."""
        self._head_bytes = 0
        if not self._is_answered:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """The client does not take what was written. Closing would wait for it; who asks for much and reads nothing
        would have us hold it all.
        """
        super().pause_writing()
        self._take_end = self.loop.call_later(TAKE_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It does."""
        super().resume_writing()
        self._stop_holding()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_waiting()
        self._stop_holding()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        self._is_in_head = False
        if self._head_end is not None:
            self._head_end.cancel()
            self._head_end = None

    def _stop_holding(self) -> None:
        if self._take_end is not None:
            self._take_end.cancel()
            self._take_end = None

    def _give_up(self) -> None:
        self._head_end = None
        self.transport.close()
