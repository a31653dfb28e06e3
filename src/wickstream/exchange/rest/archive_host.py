"""The host of the exchange's archive: a file downloaded and checked, or why it is not to be had."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import structlog

from wickstream.binance.archive import parse_checksum
from wickstream.config import Settings
from wickstream.errors import Corrupted, FeedLost, Refused

log = structlog.get_logger()

SILENT_S = 30.0  # without a byte
_CHUNK = 1 << 20


class ArchiveHost:
    """One session.

    Every question may raise:

    * Refused: the archive has no such file (status 404: not yet, or never), or does not answer for where we are.
    * FeedLost: no answer, or a server's fault; ask again later.
    * Corrupted: what came, twice, is not what its CHECKSUM says.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.exchange_archive_url
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_read=SILENT_S))

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()

    async def checksum(self, path: str) -> str:
        """The SHA-256 of a file as it is issued now: files are issued anew."""
        return parse_checksum((await self._small(f"{path}.CHECKSUM")).decode("utf-8", "replace"))

    async def fetch(self, path: str, target: Path, *, sha256: str) -> str:
        """Download to `target` what has that checksum, or the one it is issued with by then; returns which."""
        found = await self._download(path, target)
        if found != sha256:
            log.warning("a file is not what its checksum says, asked again", path=path, checksum=sha256, found=found)
            sha256 = await self.checksum(path)
            found = await self._download(path, target)
        if found != sha256:
            raise Corrupted(f"{path}: SHA-256 {found[:12]}… where its CHECKSUM says {sha256[:12]}…")
        return sha256

    @asynccontextmanager
    async def _asked(self, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        where = f"{self._url}{path}"
        try:
            async with self._session.get(where) as answer:
                if answer.status >= 500 or answer.status in {418, 429}:
                    raise FeedLost(f"{where}: HTTP {answer.status}")
                if answer.status != 200:
                    raise Refused(f"{where}: HTTP {answer.status}", status=answer.status)
                yield answer
        except (TimeoutError, aiohttp.ClientError) as exc:
            raise FeedLost(f"{where}: {exc or type(exc).__name__}") from exc

    async def _small(self, path: str) -> bytes:
        async with self._asked(path) as answer:
            return await answer.content.read(1_000)

    async def _download(self, path: str, target: Path) -> str:
        """The SHA-256 of what came."""
        digest = hashlib.sha256()
        async with self._asked(path) as answer:
            with target.open("wb") as file:
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
        return digest.hexdigest()
