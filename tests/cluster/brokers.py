"""Three Kafka brokers, each topic on all of them: one may die, and nothing that was acknowledged is lost."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from confluent_kafka.admin import AdminClient

from tests.running import Launcher, wait_until
from wickstream.bus.topics import create_topics
from wickstream.config import Settings
from wickstream.jvm.jars import kafka_jars
from wickstream.jvm.java import find_java
from wickstream.operate.servers.kafka import class_path, is_ready, kafka_spec, server_properties
from wickstream.operate.supervision import nanny
from wickstream.operate.supervision.process import ProcessSpec

COUNT = 3

# In a file of properties the last line of a name counts.
_OF_A_CLUSTER = """
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
"""


class Brokers:
    """A cluster of combined brokers and controllers, on twenty ports from `base` on."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._settings = settings
        self._launcher = launcher
        self._base = settings.port_base
        self._cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        self._running = [launcher.spawn(self._spec(number)) for number in range(COUNT)]
        wait_until(self._are_ready, deadline_s=120, what="all brokers ready")

    @property
    def addresses(self) -> str:
        """Bootstrap servers: all of them, for any may be dead."""
        return ",".join(f"127.0.0.1:{self._port(number)}" for number in range(COUNT))

    def create_topics(self) -> None:
        """Ours, each record on three brokers and acknowledged by two."""
        create_topics(self.addresses, replicas=3, min_in_sync=2)

    def kill_leader(self, topic: str) -> int:
        """`kill -9` on the broker that leads the topic's first partition; its number."""
        admin = AdminClient({"bootstrap.servers": self.addresses, "log_level": 0})
        number = admin.list_topics(topic, timeout=10).topics[topic].partitions[0].leader - 1
        nanny.signal_group(self._running[number].pid, 9)
        return number

    def return_of(self, number: int) -> None:
        """Start a killed one again."""
        self._running[number] = self._launcher.start(self._spec(number))

    def _are_ready(self) -> bool:
        return all(is_ready(self._port(number)) for number in range(COUNT))

    def kill_all(self) -> None:
        """Without a majority left to agree on it, the last ones would take minutes to stop in order."""
        for running in self._running:
            nanny.signal_group(running.pid, 9)
            running.process.wait(10)

    def _port(self, number: int) -> int:
        return self._base + number

    def _spec(self, number: int) -> ProcessSpec:
        folder = self._settings.data_dir / f"broker-{number}"
        properties = folder / "server.properties"
        usual = kafka_spec(self._settings)
        return replace(
            usual,
            name=f"broker-{number}",
            argv=(*usual.argv[:-1], str(properties)),
            cwd=folder,
            prepare=lambda: self._prepare(properties, number),
            is_ready=lambda: is_ready(self._port(number)),
        )

    def _prepare(self, properties: Path, number: int) -> None:
        if properties.exists():
            return
        port, controller = self._port(number), self._base + COUNT
        voters = ",".join(f"{each + 1}@127.0.0.1:{controller + each}" for each in range(COUNT))
        usual = server_properties(port=port, controller_port=controller + number, logs=properties.parent / "logs")
        own = f"node.id={number + 1}\ncontroller.quorum.voters={voters}\n{_OF_A_CLUSTER}"
        properties.write_text(usual + own, encoding="utf-8")
        java, jars = find_java(self._settings), kafka_jars(self._settings)
        command = [str(java.path), "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", class_path(jars)]
        command += ["kafka.tools.StorageTool", "format", f"--cluster-id={self._cluster_id}", "-c", str(properties)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


@contextmanager
def three_brokers(settings: Settings) -> Iterator[Brokers]:
    """Running, with our topics, gone at the end."""
    launcher = Launcher()
    try:
        brokers = Brokers(settings, launcher)
        brokers.create_topics()
        try:
            yield brokers
        finally:
            brokers.kill_all()
    finally:
        launcher.close()
