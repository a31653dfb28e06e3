"""What the local servers are told: pure text, checked without starting them."""

import re
from pathlib import Path

from wickstream.operate.servers.kafka import server_properties
from wickstream.operate.servers.postgres import server_options
from wickstream.operate.servers.redis import redis_conf


def kafka_properties() -> dict[str, str]:
    text = server_properties(port=9001, controller_port=9002, logs=Path("/data/kafka/logs"))
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def test_kafka_listens_and_advertises_on_loopback_only() -> None:
    found = kafka_properties()
    addresses = re.findall(r"//([^:]*):", found["listeners"] + found["advertised.listeners"])
    assert addresses == ["127.0.0.1"] * 3


def test_kafka_makes_no_topics_by_itself_and_ends_dead_transactions_soon() -> None:
    found = kafka_properties()
    assert found["auto.create.topics.enable"] == "false"
    assert found["transaction.abort.timed.out.transaction.cleanup.interval.ms"] == "500"


def test_kafka_keeps_one_copy_of_its_internal_topics() -> None:
    replicas = {name: value for name, value in kafka_properties().items() if "replication.factor" in name}
    assert len(replicas) == 3
    assert set(replicas.values()) == {"1"}


def test_redis_is_a_guarded_cache_on_loopback() -> None:
    lines = redis_conf(port=9004, password="s3cret", folder=Path("/data/a b/redis")).splitlines()
    assert {"bind 127.0.0.1", "port 9004", "requirepass s3cret", "appendonly no", 'save ""'} <= set(lines)
    assert "maxmemory-policy noeviction" in lines
    assert 'dir "/data/a b/redis"' in lines


def test_postgresql_listens_on_loopback_and_on_no_unix_socket() -> None:
    options = server_options(9003)
    assert {"port=9003", "listen_addresses=127.0.0.1", "unix_socket_directories="} <= set(options)
    assert options[::2] == ("-c",) * (len(options) // 2)
