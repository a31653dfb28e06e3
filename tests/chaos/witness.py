"""Somebody else who listens to the same streams, and keeps every frame as it came."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from wickstream.config import Settings
from wickstream.exchange.local.doors.streams import StreamRules

OPEN_S = 10.0


@contextmanager
def witness(settings: Settings) -> Iterator[Counter[bytes]]:
    """Listens to the trades of the chosen symbols as long as the context is open; frames, and how often each came."""
    heard: Counter[bytes] = Counter()
    opened, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_listen(settings, heard, opened, stop)))
    thread.start()
    try:
        assert opened.wait(OPEN_S)
        yield heard
    finally:
        stop.set()
        thread.join(OPEN_S)


async def _listen(settings: Settings, heard: Counter[bytes], opened: threading.Event, stop: threading.Event) -> None:
    names = "/".join(f"{symbol.lower()}@trade" for symbol in settings.named_symbols)
    assert len(settings.named_symbols) <= StreamRules().streams
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{settings.exchange_ws_url}/stream?streams={names}", max_msg_size=0) as socket,
    ):
        opened.set()
        while not stop.is_set():
            message = await socket.receive()
            assert message.type is aiohttp.WSMsgType.TEXT, message
            heard[message.data.encode()] += 1
