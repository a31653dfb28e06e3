"""A web server as a sink of alerts may be: it answers as it is told, and remembers what it was sent."""

import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec


@dataclass(frozen=True)
class Received:
    """A request, as it came."""

    path: str
    headers: Mapping[str, str]
    json: dict[str, Any]
    at_s: float  # monotonic


@dataclass(frozen=True)
class Reply:
    """An answer to give; `after` holds it back until it is set."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    after: threading.Event | None = None


class SinkServer:
    """Gives the replies of `script` in turn, and then `usual` ones."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        self.received: list[Received] = []
        self.script: deque[Reply] = deque()
        self.usual = Reply()

    @property
    def ids(self) -> list[str]:
        """Of the alerts a webhook was sent."""
        return [one.json["alert_id"] for one in self.received]

    def next_reply(self) -> Reply:
        """What is to be answered now."""
        return self.script.popleft() if self.script else self.usual


@contextmanager
def sink_server(*, certificate: Path | None = None, port: int = 0) -> Iterator[SinkServer]:
    """On loopback; with a certificate (and its key in the same file) it speaks https."""
    with ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler) as server:
        server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        sink = SinkServer(server, "http" if certificate is None else "https")
        server.RequestHandlerClass = _handler_of(sink)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()


def _handler_of(sink: SinkServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.received.append(Received(self.path, dict(self.headers), msgspec.json.decode(body), time.monotonic()))
            reply = sink.next_reply()
            if reply.after is not None:
                reply.after.wait(30)
            with suppress(ConnectionError):  # who asked may have gone
                self._answer(reply)

        def _answer(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Not on the terminal."""

    return Handler
