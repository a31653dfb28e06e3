import asyncio
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from serve.fake_tiers import FakeTiers
from wickstream.config import Settings
from wickstream.serve.app import build_app


@pytest.fixture(scope="session")
def served_tiers() -> FakeTiers:
    return FakeTiers()


@pytest.fixture(scope="session")
def address(served_tiers: FakeTiers) -> Iterator[str]:
    """The API itself on a free port of loopback, in a thread."""
    settings = Settings(source="demo", port_base=26_000)
    app = build_app(settings, open_reader=served_tiers.opened)
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
        thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[door]),))
        thread.start()
        host, port = door.getsockname()
        yield f"http://{host}:{port}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def tiers(served_tiers: FakeTiers) -> FakeTiers:
    served_tiers.down = False
    served_tiers.asked.clear()
    return served_tiers


@pytest.fixture
def client(address: str, tiers: FakeTiers) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client
