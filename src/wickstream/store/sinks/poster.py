"""One POST, and what came of it: told apart by what to do about it."""

import asyncio
import ssl
from typing import NoReturn
from urllib.parse import urlsplit

import aiohttp

from wickstream.errors import SinkBusy, Unpublishable
from wickstream.stopping import Stop
from wickstream.store.sinks.address import PublicResolver, require_public_literal
from wickstream.store.sinks.answers import Answer, require_taken
from wickstream.store.sinks.post import Post

TIMEOUT_S = 10.0
CONNECT_S = 5.0
BODY_LIMIT = 4_096  # bytes of an answer that are looked at
GRACE_S = 2.0  # for what is under way when we are told to stop
SLICE_S = 0.1

_HEADERS = {"Content-Type": "application/json", "User-Agent": "wickstream", "Accept-Encoding": "identity"}
_CAUSES: dict[type[Exception], str] = {
    TimeoutError: "no answer in time",
    aiohttp.ConnectionTimeoutError: "no connection in time",
    aiohttp.ServerTimeoutError: "no answer in time",
    aiohttp.ServerDisconnectedError: "hung up without an answer",
    aiohttp.ClientConnectorDNSError: "the name cannot be resolved",
    aiohttp.ClientConnectorCertificateError: "its certificate is not to be trusted",
    aiohttp.ClientConnectorSSLError: "no TLS",
    aiohttp.ClientConnectorError: "no connection",
}


class Poster:
    """One session, of the thread that posts first. No redirects, no proxy, public addresses only unless allowed."""

    def __init__(self, *, allow_private: bool, stop: Stop) -> None:
        self._allow_private = allow_private
        self._stop = stop
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None

    def post(self, post: Post) -> str:
        """What was answered, in a few words, once it is taken.

        Raises:
            SinkBusy: If it may be taken later, or `stop` was set while we waited for the answer.
            Unpublishable: If it never will.
        """
        try:
            if not self._allow_private:
                require_public_literal(post.url)
            answer = self._runner.run(self._watched(post))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as exc:
            _fail(exc, post.url)
        parts = urlsplit(post.url)
        return require_taken(answer, secrets=(parts.path, parts.query, parts.password or ""))

    def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            self._runner.run(self._session.close())
            self._session = None
        self._runner.close()

    async def _watched(self, post: Post) -> Answer:
        asking = asyncio.ensure_future(self._ask(post))
        while not asking.done():
            await asyncio.wait({asking}, timeout=SLICE_S)
            if self._stop.is_set() and not asking.done():
                await asyncio.wait({asking}, timeout=GRACE_S)
                asking.cancel()
                await asyncio.wait({asking})
        if asking.cancelled():
            raise SinkBusy("told to stop before it answered")
        return asking.result()

    async def _ask(self, post: Post) -> Answer:
        self._session = self._session or self._open()
        headers = _HEADERS | post.headers
        async with self._session.post(post.url, data=post.body, headers=headers, allow_redirects=False) as answer:
            # That it took the alert is known by now, whatever becomes of the rest.
            body = b"" if answer.status < 300 else await _beginning(answer.content)
            answer.close()
            return Answer(answer.status, answer.headers.get("Retry-After"), body)

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=ssl.create_default_context(),
            resolver=None if self._allow_private else PublicResolver(),
            force_close=True,  # one kept open may just be closing, and what it was sent may or may not have arrived
        )
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_S)
        return aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    body = b""
    while len(body) < BODY_LIMIT and (chunk := await content.read(BODY_LIMIT - len(body))):
        body += chunk
    return body


def _fail(exc: Exception, url: str) -> NoReturn:
    """Without the error's own text, which may have the address in it."""
    host = urlsplit(url).hostname
    if isinstance(exc, aiohttp.InvalidURL) or not isinstance(exc, aiohttp.ClientError | OSError):
        raise Unpublishable(f"{host}: not an address that can be asked") from None
    raise SinkBusy(f"{host}: {_CAUSES.get(type(exc), type(exc).__name__)}") from None
