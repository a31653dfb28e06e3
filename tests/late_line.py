"""A line to a server whose answers come late, each by another while."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_PIECE_BYTES = 1 << 16


@asynccontextmanager
async def late_line(host: str, port: int, *, most_s: float, seed: int = 1) -> AsyncIterator[int]:
    """The port where clients connect, on loopback, for the time of the block."""
    chance = random.Random(seed)

    async def pump(source: asyncio.StreamReader, to: asyncio.StreamWriter, late_s: float) -> None:
        with suppress(OSError):
            while data := await source.read(_PIECE_BYTES):
                await asyncio.sleep(chance.uniform(0, late_s))
                to.write(data)
                await to.drain()
        to.close()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(host, port)
        try:
            await asyncio.gather(pump(reader, server_writer, 0), pump(server_reader, writer, most_s))
        finally:
            for one in (writer, server_writer):
                one.close()
                with suppress(OSError):
                    await one.wait_closed()

    joined: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(
        lambda reader, writer: joined.add(asyncio.create_task(join(reader, writer))), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]
    for task in joined:
        task.cancel()
    await asyncio.gather(*joined, return_exceptions=True)  # else a socket may outlive its loop, and is told of
