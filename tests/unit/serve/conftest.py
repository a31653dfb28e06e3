from collections.abc import Iterator

import httpx
import pytest

from tests.scripted_source import ScriptedSource
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.config import Settings
from wickstream.serve.app import build_app


@pytest.fixture(scope="session")
def served_tiers() -> FakeTiers:
    return FakeTiers()


@pytest.fixture(scope="session")
def address(served_tiers: FakeTiers) -> Iterator[str]:
    settings = Settings(source="demo", port_base=26_000, hot_answer_ms=0)  # a test changes what is there
    with served(build_app(settings, open_reader=served_tiers.opened, open_source=ScriptedSource().opened)) as address:
        yield address


@pytest.fixture
def tiers(served_tiers: FakeTiers) -> FakeTiers:
    served_tiers.down = served_tiers.broken = served_tiers.too_much = served_tiers.is_forgetful = False
    served_tiers.away = ()
    served_tiers.minutes = 3
    served_tiers.asked.clear()
    served_tiers.asked_besides.clear()
    served_tiers.exchange.down = False
    return served_tiers


@pytest.fixture
def client(address: str, tiers: FakeTiers) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client
