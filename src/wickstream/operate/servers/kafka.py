"""The local Kafka: one KRaft node, broker and controller in one JVM, on loopback.

Of version 4.2: later ones forget ends of transactions when they are killed (KAFKA-20734, not mended by 4.4.0).
"""

import base64
import os
import signal
import socket
import subprocess
import uuid
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from wickstream.config import Settings
from wickstream.errors import WickstreamError
from wickstream.jvm.class_data import archive_flags, archive_path
from wickstream.jvm.jars import kafka_jars
from wickstream.jvm.java import Java, find_java
from wickstream.operate.supervision.process import ProcessSpec

# Measured: 140 to 150 MB idle; C2 costs 25 MB and more processor time than it saves at our rates. By the usual ratios
# the heap grows to more than twice what lives in it.
JVM_FLAGS = (
    *("-Xmx256m", "-Xms48m", "-Xmn24m", "-XX:MinHeapFreeRatio=10", "-XX:MaxHeapFreeRatio=20"),
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
)
_FORMAT_FLAGS = ("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
# glibc gives each thread its own arena otherwise; the JVM has some sixty threads.
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath, "MALLOC_ARENA_MAX": "2"}
_FORMAT_SECONDS = 60.0


def kafka_spec(settings: Settings) -> ProcessSpec:
    """How to start the local broker. Fetches its jars if they are not there."""
    folder = settings.data_dir / "kafka"
    java, jars = find_java(settings), kafka_jars(settings)
    flags = (*JVM_FLAGS, *archive_flags(_archive(settings, java, jars)))
    properties = folder / "server.properties"
    return ProcessSpec(
        name="kafka",
        argv=(str(java.path), *flags, "-cp", class_path(jars), "kafka.Kafka", str(properties)),
        env=_ENVIRONMENT,
        cwd=folder,
        prepare=lambda: _prepare(settings, properties, java=java, jars=jars),
        is_ready=lambda: is_ready(settings.port("kafka")),
        stop_signal=signal.SIGTERM,
        stop_seconds=15.0,
    )


def kafka_archive(settings: Settings) -> Path:
    """Where the broker's class data is, or will be: the target for `dump_class_data`."""
    return _archive(settings, find_java(settings), kafka_jars(settings))


def _archive(settings: Settings, java: Java, jars: list[Path]) -> Path:
    return archive_path(settings, name="kafka", java=java, class_path=jars)


def class_path(jars: list[Path]) -> str:
    """Explicit and in a fixed order, as class data demands."""
    return os.pathsep.join(map(str, jars))


def server_properties(*, port: int, controller_port: int, logs: Path) -> str:
    """The node's configuration; what is not stock has its reason beside it."""
    return f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
# Topics are made on purpose, with their partitions and retention.
auto.create.topics.enable=false
# One node holds one copy.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
# An open transaction of a dead shard blocks the committed readers of its partitions: end it soon after its timeout.
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
# Fast stop (0.4 s) and fast start after a kill (5 s); below 3 s a starved machine fences its own broker.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.initial.rebalance.delay.ms=0
# The stock buffer takes 128 MB for cleaning logs that are small here.
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.threads=1
num.network.threads=2
num.io.threads=4
background.threads=2
"""


def _prepare(settings: Settings, properties: Path, *, java: Java, jars: list[Path]) -> None:
    logs = properties.parent / "logs"
    properties.parent.mkdir(parents=True, exist_ok=True)
    ports = {"port": settings.port("kafka"), "controller_port": settings.port("kafka-controller")}
    properties.write_text(server_properties(**ports, logs=logs), encoding="utf-8")
    if not (logs / "meta.properties").exists():
        _format(properties, java=java, jars=jars)


def _format(properties: Path, *, java: Java, jars: list[Path]) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    command = [str(java.path), *_FORMAT_FLAGS, "-cp", class_path(jars), "kafka.tools.StorageTool"]
    command += ["format", f"--cluster-id={cluster_id}", "--config", str(properties)]
    done = subprocess.run(
        command, env=_ENVIRONMENT, cwd=properties.parent, capture_output=True, text=True, timeout=_FORMAT_SECONDS
    )
    if done.returncode:
        raise WickstreamError(f"Kafka's folder {properties.parent} could not be formatted: {done.stdout}{done.stderr}")


def is_ready(port: int) -> bool:
    """Tell whether the broker answers; an open port alone is not enough."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        # log_level 0: librdkafka writes a line for every refused connection otherwise.
        admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0})
        return bool(admin.list_topics(timeout=0.7).brokers)
    except (OSError, KafkaException):
        return False
