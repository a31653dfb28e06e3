"""Is a server's door open? A TCP connect, nothing more; whether it answers well is seen by reading from it."""

import asyncio

from wickstream.config import Settings

PROBE_SECONDS = 1.0


def addresses(settings: Settings) -> dict[str, tuple[str, int]]:
    """Host and port of each server the stack stands on, the local one's unless set."""
    kafka_host, _, kafka_port = settings.kafka.partition(",")[0].rpartition(":")
    redis_port = settings.redis_port if settings.redis_host else settings.port("redis")
    postgres_port = settings.postgres_port if settings.postgres_host else settings.port("postgres")
    return {
        "kafka": (kafka_host, int(kafka_port)),
        "redis": (settings.redis_host or "127.0.0.1", redis_port),
        "postgres": (settings.postgres_host or "127.0.0.1", postgres_port),
    }


async def is_reachable(host: str, port: int) -> bool:
    """Tell whether someone accepts connections there within `PROBE_SECONDS`."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def reachable_servers(settings: Settings) -> dict[str, bool]:
    """All servers by name, asked at the same time."""
    wanted = addresses(settings)
    answers = await asyncio.gather(*(is_reachable(host, port) for host, port in wanted.values()))
    return dict(zip(wanted, answers, strict=True))
