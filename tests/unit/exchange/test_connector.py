"""The connector's sessions with the real producer; `test_session.py` has what they publish."""

import asyncio
import gc
from collections.abc import Iterator

import psutil
import pytest

from tests.unit.exchange.session_stage import Stage
from wickstream.bus.producer import ProducerBroken, TransactionalProducer
from wickstream.exchange.sessions.instance import Instance
from wickstream.exchange.sessions.log import KafkaLog
from wickstream.exchange.sessions.session import Session


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def fail_one_after_another(sessions: int) -> int:
    """How many threads there are then."""
    stage = Stage()
    stage.streams.takes_s = 0.0
    for _ in range(sessions):
        log = KafkaLog("127.0.0.1:1", Instance.new("spot", (0, 1)))
        with pytest.raises(ProducerBroken):
            await Session(stage.parts, log).run(stage.stop)
    threads: int = psutil.Process().num_threads()
    return threads


@pytest.mark.usefixtures("no_collection")
def test_a_session_that_failed_keeps_no_connection_to_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: TransactionalProducer) -> None:
        raise ProducerBroken("Kafka is away", fenced=False)

    monkeypatch.setattr(TransactionalProducer, "fence", refuse)

    before = psutil.Process().num_threads()
    assert asyncio.run(fail_one_after_another(20)) < before + 20
