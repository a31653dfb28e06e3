from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.scripted_source import ScriptedSource
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.serve.live.rules import RULES

Connect = Callable[..., ClientConnection]

QUICK = replace(RULES, look_s=0.05)


@pytest.fixture(scope="module")
def source() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture(scope="module")
def served_live_tiers() -> FakeTiers:
    return FakeTiers()


@pytest.fixture
def live_tiers(served_live_tiers: FakeTiers) -> Iterator[FakeTiers]:
    """What the hub reads from; up again after the test."""
    yield served_live_tiers
    served_live_tiers.down = False


@pytest.fixture(scope="module")
def live_address(source: ScriptedSource, served_live_tiers: FakeTiers) -> Iterator[str]:
    """A served hub whose records a test gives."""
    app = build_app(
        Settings(source="demo"), open_reader=served_live_tiers.opened, open_source=source.opened, rules=QUICK
    )
    with served(app) as address:
        yield address.replace("http://", "ws://")


@pytest.fixture
def join(live_address: str) -> Iterator[Connect]:
    """Connections to a path, closed at the end."""
    with ExitStack() as stack:

        def open_one(path: str, headers: Mapping[str, str] | None = None) -> ClientConnection:
            client: ClientConnection = connect(live_address + path, proxy=None, additional_headers=headers)
            return stack.enter_context(client)

        yield open_one
