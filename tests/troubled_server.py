"""An HTTP server that answers a share of requests with 503: some without doing them, some although it did them."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_UNAVAILABLE = 503
_OF_THE_CONNECTION = frozenset({"connection", "transfer-encoding", "content-length"})


class TroubledServer(ThreadingHTTPServer):
    """Stands before another, whose address its clients do not know."""

    daemon_threads = True

    def __init__(self, behind: tuple[str, int], *, share: float, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.refusals: Counter[str] = Counter()
        self._share = share
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """For clients."""
        return f"127.0.0.1:{self.server_address[1]}"

    def trouble(self) -> str:
        """What becomes of the next request: "undone", "done" or nothing."""
        with self._lock:
            if self._random.random() >= self._share:
                return ""
            found = self._random.choice(("undone", "done"))
            self.refusals[found] += 1
            return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: TroubledServer

    def pass_on(self) -> None:
        """Any request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        trouble = self.server.trouble()
        if trouble == "undone":
            self._answer(_UNAVAILABLE, [], b"")
            return
        status, headers, answer = self._asked_behind(body)
        if trouble == "done":
            self._answer(_UNAVAILABLE, [], b"")
        else:
            self._answer(status, headers, answer)

    def _asked_behind(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        link = HTTPConnection(*self.server.behind, timeout=30)
        try:
            link.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)  # what was signed
            for name, value in self.headers.items():
                link.putheader(name, value)
            link.endheaders(body)
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            link.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        size = dict(headers).get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        for name, value in (*headers, ("Content-Length", size)):
            if name.lower() not in _OF_THE_CONNECTION or (name, value) == ("Content-Length", size):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


for _method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler.pass_on)


@contextmanager
def troubled(behind: tuple[str, int], *, share: float, seed: int = 1) -> Iterator[TroubledServer]:
    """Running, for the time of the block."""
    with TroubledServer(behind, share=share, seed=seed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
