"""A broker of the chaos tests' own, emptied for each of them, and the scenes they play on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tests.chaos.scene import Market, Scene
from tests.conftest import SettingsMaker
from tests.running import Launcher, Running, wait_until
from wickstream.bus.topics import TOPICS, create_topics
from wickstream.config import Settings
from wickstream.operate.servers.local import kafka_spec

SceneMaker = Callable[[Market], Scene]


class Broker:
    """A Kafka that may be killed, stopped and started."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._settings = settings
        self._launcher = launcher
        self.address = settings.kafka
        self.process: Running
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = self._launcher.start(kafka_spec(self._settings))

    def empty(self) -> None:
        """As new: all topics are there, and nothing is in them."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        ours = {topic.name for topic in TOPICS}
        if known := ours & set(admin.list_topics(timeout=10).topics):
            for future in admin.delete_topics(sorted(known)).values():
                future.result()
            wait_until(lambda: not ours & set(admin.list_topics(timeout=10).topics), what="topics gone")
        create_topics(self.address)


@pytest.fixture(scope="session")
def running_broker(tmp_path_factory: pytest.TempPathFactory, make_settings: SettingsMaker) -> Iterator[Broker]:
    """One for all of them: each start is a JVM's."""
    launcher = Launcher()
    yield Broker(make_settings(tmp_path_factory.mktemp("chaos")), launcher)
    launcher.close()


@pytest.fixture
def broker(running_broker: Broker) -> Broker:
    """Running and empty."""
    if running_broker.process.process.poll() is not None:
        running_broker.start()
    running_broker.empty()
    return running_broker


@pytest.fixture
def play(broker: Broker, make_settings: SettingsMaker, tmp_path: Path) -> Iterator[SceneMaker]:
    """Makes the scene of a market; all of it is over with the test."""
    scenes: list[Scene] = []

    def make(market: Market) -> Scene:
        scenes.append(Scene(market, make_settings(tmp_path / "data", kafka_bootstrap_servers=broker.address)))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()
