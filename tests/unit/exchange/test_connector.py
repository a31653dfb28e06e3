"""The connector's sessions: from one fence to the next."""

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import SettingsMaker
from wickstream.bus.producer import ProducerBroken, TransactionalProducer
from wickstream.config import Settings
from wickstream.exchange.client import ExchangeClient
from wickstream.exchange.connector import _Session


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def fail_one_after_another(settings: Settings, sessions: int) -> int:
    """How many threads there are then."""
    async with ExchangeClient(settings) as client:
        for _ in range(sessions):
            with pytest.raises(ProducerBroken):
                await _Session(settings, client, "instance").run(asyncio.Event())
    threads: int = psutil.Process().num_threads()
    return threads


@pytest.mark.usefixtures("no_collection")
def test_a_session_that_failed_keeps_no_connection_to_kafka(
    make_settings: SettingsMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: TransactionalProducer) -> None:
        raise ProducerBroken("Kafka is away", fenced=False)

    monkeypatch.setattr(TransactionalProducer, "fence", refuse)
    settings = make_settings(tmp_path, kafka_bootstrap_servers="127.0.0.1:1")

    before = psutil.Process().num_threads()
    assert asyncio.run(fail_one_after_another(settings, 20)) < before + 20
