"""Are the ports free that a stack is going to listen on?"""

import errno
import socket

from wickstream.config import Settings
from wickstream.errors import Mistake


def is_free(host: str, port: int) -> bool:
    """Tell whether a process of ours could listen there."""
    try:
        with socket.socket() as probe:
            # As servers do it: what lingers of closed connections does not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as exc:
        if exc.errno in (errno.EADDRINUSE, errno.EACCES):
            return False
        raise Mistake(f"WICKSTREAM_LISTEN_HOST={host}: no address of this machine ({exc.strerror})") from exc
    with socket.socket() as probe:  # where wildcard and loopback do not exclude each other
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) != 0  # noqa: S104 - compared


def wanted_ports(settings: Settings, *, with_exchange: bool) -> dict[str, int]:
    """The ports, by name, that `up` with these settings needs."""
    wanted = ["api", "connector", "stream", "tickers", "writer", "repair"]
    if not settings.spark_master.startswith("local"):
        wanted += ["spark-driver", "spark-blocks"]
    if settings.kafka_bootstrap_servers is None:
        wanted += ["kafka", "kafka-controller"]
    if settings.postgres_host is None:
        wanted.append("postgres")
    if settings.redis_host is None:
        wanted.append("redis")
    if settings.airflow:
        wanted.append("airflow")
    if with_exchange:
        wanted += ["exchange", "exchange-api", "exchange-archive"]
    return {name: settings.port(name) for name in wanted}


def check_ports(settings: Settings, *, with_exchange: bool) -> None:
    """See that all wanted ports are free.

    Raises:
        Mistake: If one is in use; names it and how to choose others.
    """
    wanted = wanted_ports(settings, with_exchange=with_exchange)
    taken = [f"{port} ({name})" for name, port in wanted.items() if not is_free(settings.listen_host, port)]
    if taken:
        raise Mistake(
            f"port {', '.join(taken)} is in use: stop what listens there, "
            f"or set WICKSTREAM_PORT_BASE (now {settings.port_base}) to another number"
        )
