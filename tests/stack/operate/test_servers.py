"""The local servers as they are started for users: real processes, killed and started again."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
import redis as redis_client
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.running import Launcher
from wickstream.bus.topics import Topic, create_topics
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.operate.servers.kafka import kafka_spec
from wickstream.operate.servers.local import local_server_specs, with_local_addresses
from wickstream.operate.servers.postgres import postgres_spec

pytestmark = pytest.mark.stack

SettingsMaker = Callable[..., Settings]


def listening_addresses(pid: int) -> set[str]:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    sockets = (link for process in family for link in process.net_connections("inet"))
    return {link.laddr.ip for link in sockets if link.status == psutil.CONN_LISTEN}


def produce(bootstrap: str, topic: str, count: int, **config: object) -> None:
    """Send so many records and wait for every acknowledgement."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, **config})
    failures: list[object] = []
    for number in range(count):
        producer.produce(topic, str(number), on_delivery=lambda error, _: failures.append(error) if error else None)
        if number % 1_000 == 0:
            producer.poll(0)
    assert producer.flush(30) == 0
    assert failures == []


def consume(bootstrap: str, topic: str, count: int) -> list[int]:
    """The first so many records of partition 0, read committed."""
    config = {"bootstrap.servers": bootstrap, "group.id": "test", "isolation.level": "read_committed"}
    consumer = Consumer({**config, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    records = consumer.consume(count, timeout=30)
    consumer.close()
    return [int(record.value() or b"") for record in records]


def create_topic(bootstrap: str, name: str) -> None:
    create_topics(bootstrap, [Topic(name, partitions=1, retention_days=1)])


def connect(settings: Settings) -> "psycopg.Connection[tuple[int]]":
    password = settings.postgres_password
    return psycopg.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        user=settings.postgres_user,
        password=password.get_secret_value() if password else "",
        dbname=settings.postgres_db,
        autocommit=True,
    )


def test_all_servers_start_and_listen_on_loopback_only(
    tmp_path: Path, make_settings: SettingsMaker, launcher: Launcher
) -> None:
    servers = [launcher.start(spec) for spec in local_server_specs(make_settings(tmp_path))]
    assert [server.spec.name for server in servers] == ["kafka", "postgres", "redis"]
    assert [listening_addresses(server.pid) - {"::ffff:127.0.0.1"} for server in servers[1:]] == [{"127.0.0.1"}] * 2
    assert listening_addresses(servers[0].pid) <= {"127.0.0.1", "::ffff:127.0.0.1"}
    for server in servers:
        server.stop()
    assert not any(psutil.pid_exists(server.pid) for server in servers)


def test_a_server_whose_address_is_set_is_not_started(tmp_path: Path, make_settings: SettingsMaker) -> None:
    settings = make_settings(tmp_path, kafka_bootstrap_servers="kafka:9092", redis_host="cache")
    assert [spec.name for spec in local_server_specs(settings)] == ["postgres"]


def test_no_secret_is_seen_in_the_process_list(postgres: Settings, redis: Settings, launcher: Launcher) -> None:
    secrets = [s.get_secret_value() for s in (postgres.postgres_password, redis.redis_password) if s]
    assert len(secrets) == 2
    commands = " ".join(" ".join(spec.argv) + str(spec.env) for spec in local_server_specs(postgres.model_copy(
        update={"postgres_host": None, "redis_host": None, "kafka_bootstrap_servers": None})))  # fmt: skip
    assert not any(secret in commands for secret in secrets)


def test_redis_refuses_who_has_no_password(redis: Settings) -> None:
    host = redis.redis_host or ""
    with redis_client.Redis(host, redis.redis_port) as client, pytest.raises(redis_client.AuthenticationError):
        client.ping()


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_kafka_takes_transactions_in_every_compression(kafka: str, codec: str) -> None:
    topic = f"compressed-{codec}"
    create_topic(kafka, topic)
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": codec, "compression.type": codec})
    producer.init_transactions(30)
    for numbers, end in (
        (range(100), producer.commit_transaction),
        (range(100, 200), producer.abort_transaction),
        (range(200, 300), producer.commit_transaction),
    ):
        producer.begin_transaction()
        for number in numbers:
            producer.produce(topic, str(number))
        producer.flush(30)
        end(30)
    assert consume(kafka, topic, 200) == [*range(100), *range(200, 300)]


def test_kafka_makes_no_topic_by_itself(kafka: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    assert admin.list_topics("typo", timeout=10).topics["typo"].error is not None
    assert "typo" not in admin.list_topics(timeout=10).topics


def test_kafka_killed_keeps_every_acknowledged_record(
    tmp_path: Path, make_settings: SettingsMaker, launcher: Launcher
) -> None:
    settings = make_settings(tmp_path)
    broker = launcher.start(kafka_spec(settings))
    create_topic(settings.kafka, "numbers")
    produce(settings.kafka, "numbers", 10_000, **{"compression.type": "lz4"})
    broker.kill()
    broker = launcher.start(kafka_spec(settings))
    assert consume(settings.kafka, "numbers", 10_000) == list(range(10_000))
    broker.stop()


def test_postgresql_killed_keeps_its_rows_in_spite_of_its_pid_file(
    tmp_path: Path, make_settings: SettingsMaker, launcher: Launcher
) -> None:
    settings = make_settings(tmp_path)
    server = launcher.start(postgres_spec(settings))
    with connect(with_local_addresses(settings)) as link:
        link.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id")
    server.kill()
    pid_file = tmp_path / "postgres" / "data" / "postmaster.pid"
    # The worst case: the pid now belongs to another living process.
    pid_file.write_text(pid_file.read_text().replace(str(server.pid), str(os.getpid()), 1))
    server = launcher.start(postgres_spec(settings))
    with connect(with_local_addresses(settings)) as link:
        assert link.execute("SELECT count(*) FROM kept").fetchone() == (1_000,)
    server.stop()


def test_a_second_postgresql_on_the_same_folder_is_a_mistake(postgres: Settings) -> None:
    spec = postgres_spec(postgres)
    assert spec.prepare is not None
    with pytest.raises(Mistake, match="already using"):
        spec.prepare()
