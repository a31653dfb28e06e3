"""What is made before the processes start, on real servers."""

from contextlib import closing

import pytest
from confluent_kafka.admin import AdminClient

from tests.conftest import free_port_base
from wickstream.bus.topics import TOPICS
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.operate.prepare import prepare
from wickstream.store.warm.database import connect

pytestmark = pytest.mark.stack


@pytest.fixture
def servers(kafka: str, postgres: Settings) -> Settings:
    return postgres.model_copy(update={"kafka_bootstrap_servers": kafka})


def test_topics_and_tables_are_made_once_and_said(servers: Settings) -> None:
    said: list[str] = []
    for _ in range(2):
        prepare(servers, patience_s=30, tell=said.append)
    topics = AdminClient({"bootstrap.servers": servers.kafka}).list_topics(timeout=10).topics
    assert {topic.name for topic in TOPICS} <= topics.keys()
    with closing(connect(servers)) as conn:
        assert conn.execute("SELECT to_regclass('candles') IS NOT NULL").fetchone() == (True,)
    assert said == [f"making topics on {servers.kafka} …", said[1]] * 2


def test_a_server_that_does_not_answer_is_named(servers: Settings) -> None:
    away = servers.model_copy(update={"postgres_host": "127.0.0.1", "postgres_port": free_port_base()})
    with pytest.raises(Mistake, match=f"tables on 127.0.0.1:{away.postgres_port}"):
        prepare(away, patience_s=0, tell=lambda _: None)
