"""uvicorn's HTTP protocol, with an end to how large a head may be and how long it may take."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from wickstream.serve.front.doorstep import LARGEST_HEAD, LONGEST_TARGET

HEAD_BYTES = 2 * (LARGEST_HEAD + LONGEST_TARGET)  # what is larger has no words for it any more
HEAD_S = 10.0

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HeadProtocol(HttpToolsProtocol):
    """Counts bytes until a head is complete: the parser would take them for ever, and so would a connection wait."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is to come soon; between two requests uvicorn's keep-alive has its own end."""
        super().connection_made(transport)
        self._head_bytes = 0
        self._head_end: asyncio.TimerHandle | None = self.loop.call_later(HEAD_S, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Of the client."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        if self._head_end is None:
            self._head_end = self.loop.call_later(HEAD_S, self._give_up)

    def on_headers_complete(self) -> None:
        """It is there."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes is the next one's."""
        self._head_bytes = 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self._head_end is not None:
            self._head_end.cancel()
            self._head_end = None

    def _give_up(self) -> None:
        self._head_end = None
        self.transport.close()
