"""PROCESS: what the API is held against: the same bytes, or rows, given out by others on the same server.

`python -m bench.api.contenders raw|bytes|dicts|get PORT FILE`, with our settings in the environment
"""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from wickstream.config import read_settings
from wickstream.store.hot.hour import open_async_client

KEY = "the-same-bytes"
JSON = "application/json"


def raw(body: bytes) -> ASGIApp:
    """Two messages, and nothing that looks at the request."""
    headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def same_bytes(body: bytes) -> ASGIApp:
    """A route of FastAPI that returns them."""
    app = FastAPI()

    @app.get("/")
    async def answer() -> Response:
        return Response(body, media_type=JSON)

    return app


def dicts(body: bytes) -> ASGIApp:
    """A route of FastAPI as tutorials write it."""
    app, rows = FastAPI(), msgspec.json.decode(body)

    @app.get("/")
    async def answer() -> dict[str, Any] | list[Any]:
        found: dict[str, Any] | list[Any] = rows
        return found

    return app


def get(body: bytes) -> ASGIApp:
    """A route of FastAPI that asks Redis for them."""
    client = open_async_client(read_settings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await client.set(KEY, body)
        yield
        await client.aclose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def answer() -> Response:
        return Response(await client.get(KEY), media_type=JSON)

    return app


CONTENDERS: dict[str, Callable[[bytes], ASGIApp]] = {"raw": raw, "bytes": same_bytes, "dicts": dicts, "get": get}


def main(name: str, port: str, file: str) -> None:
    """Serve until told to stop, as our own process does."""
    app = CONTENDERS[name](Path(file).read_bytes())
    config = uvicorn.Config(
        app, port=int(port), loop="uvloop", http="httptools", ws="none", access_log=False, log_level="error",
        lifespan="off" if name == "raw" else "on", server_header=False,
    )  # fmt: skip
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
