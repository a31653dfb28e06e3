"""One JVM, one session and one broker for all tests with Spark."""

from collections.abc import Callable, Iterator

import pytest
from pyspark.sql import SparkSession

from tests.running import Launcher
from wickstream.bus.topics import create_topics
from wickstream.config import Settings
from wickstream.operate.servers.local import kafka_spec
from wickstream.stream.session import spark_session

YEARS_OF_LATENESS = 200_000.0  # hours: the captures lie weeks apart, and recordings follow newer trades


@pytest.fixture(scope="session")
def stream_settings(tmp_path_factory: pytest.TempPathFactory, make_settings: Callable[..., Settings]) -> Settings:
    """Of the session and its broker."""
    return make_settings(tmp_path_factory.mktemp("stream"), lateness_hours=YEARS_OF_LATENESS)


@pytest.fixture(scope="session")
def spark(stream_settings: Settings) -> Iterator[SparkSession]:
    """The session, as the job has it."""
    with spark_session(stream_settings) as (session, _):
        yield session


@pytest.fixture(scope="session")
def topics(stream_settings: Settings, launcher: Launcher) -> Settings:
    """A broker with our topics; each test has its own symbols in them."""
    launcher.start(kafka_spec(stream_settings))
    create_topics(stream_settings.kafka)
    return stream_settings
