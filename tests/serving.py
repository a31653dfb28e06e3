"""The API on a free port of loopback, in a thread of the test."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from wickstream.serve.front.heads import HeadProtocol
from wickstream.serve.live.sockets import LiveSocket


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Address of the running application; it is stopped, its lifespan with it, at the end."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, ws=LiveSocket, http=HeadProtocol, proxy_headers=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[door]),))
        thread.start()
        host, port = door.getsockname()
        try:
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join()
