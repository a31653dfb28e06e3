"""What the writer tells of what it stands on: Kafka, Redis, PostgreSQL and the disk; and how whole the last hour is."""

import shutil
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from redis.exceptions import RedisError

from wickstream import metrics
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.stopping import Stop
from wickstream.store.hot.hour import open_client
from wickstream.store.warm.completeness import complete_shares
from wickstream.store.warm.database import answering_within, connect

log = structlog.get_logger(__name__)

EVERY_S = 5.0
COMPLETENESS_EVERY_S = 60.0
ANSWER_S = 2.0
LOOK_S = 30.0  # through the last hour of hundreds of symbols
_AWAY = (KafkaException, RedisError, StoreBusy, psycopg.Error)  # whatever it is, the writer lives on

_SIZES = """
SELECT pg_database_size(current_database()), current_setting('max_connections')::int,
       (SELECT sum(numbackends) FROM pg_stat_database)
"""


class Surroundings:
    """Connections of its own, so that it tells what it sees while others wait. Not for two threads at once."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
        self._redis = open_client(settings)
        self._conn: psycopg.Connection | None = None
        self._judged_at = float("-inf")
        self._symbols: set[str] = set()
        self._is_up: dict[str, bool] = {}
        self._questions: dict[str, Callable[[], object]] = {
            "kafka": lambda: self._admin.list_topics(timeout=ANSWER_S),
            "redis": self._look_at_redis,
            "postgres": self._look_at_postgres,
        }

    def look(self, stop: Stop) -> None:
        """At each, whether the others answer or not; each takes its seconds if it hangs."""
        for server, question in self._questions.items():
            if not stop.is_set():
                self._ask(server, question)
        self._look_at_disk()

    def close(self) -> None:
        """Let go of the connections."""
        self._redis.close()
        if self._conn is not None:
            self._conn.close()

    def _ask(self, server: str, question: Callable[[], object]) -> None:
        trouble: Exception | None = None
        try:
            question()
        except _AWAY as exc:
            trouble = exc
        is_up = trouble is None
        metrics.SERVER_UP.labels(server).set(is_up)
        if trouble and self._is_up.get(server, True):
            log.warning("a server does not answer", server=server, error=str(trouble))
        elif is_up and not self._is_up.get(server, True):
            log.info("a server answers again", server=server)
        self._is_up[server] = is_up

    def _look_at_redis(self) -> None:
        told: dict[str, Any] = self._redis.info("memory")
        metrics.REDIS_BYTES.set(told["used_memory"])
        metrics.REDIS_LIMIT.set(told.get("maxmemory", 0))

    def _look_at_postgres(self) -> None:
        if self._conn is None or self._conn.closed:
            self._conn = connect(self._settings)
            self._conn.autocommit = True
        try:
            with answering_within(self._conn, ANSWER_S):
                ((size, limit, connections),) = self._conn.execute(_SIZES).fetchall()
            with answering_within(self._conn, LOOK_S):
                self._judge(self._conn)
        except psycopg.Error:
            self._conn.close()
            raise
        metrics.POSTGRES_BYTES.set(size)
        metrics.POSTGRES_LIMIT.set(limit)
        metrics.POSTGRES_CONNECTIONS.set(connections)

    def _judge(self, conn: psycopg.Connection) -> None:
        if self._clock() < self._judged_at + COMPLETENESS_EVERY_S:
            return
        shares = complete_shares(conn)
        for symbol, share in shares.items():
            metrics.COMPLETENESS.labels(symbol).set(share)
        for symbol in self._symbols - shares.keys():
            metrics.COMPLETENESS.remove(symbol)
        self._symbols = set(shares)
        self._judged_at = self._clock()

    def _look_at_disk(self) -> None:
        folder = self._settings.data_dir
        disk = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists()))
        metrics.DISK_FREE.set(disk.free)
        metrics.DISK_SIZE.set(disk.total)


def watch(settings: Settings, *, stop: Stop) -> None:
    """Look every few seconds until told to stop."""
    with closing(Surroundings(settings)) as surroundings:
        while not stop.is_set():
            surroundings.look(stop)
            stop.wait(EVERY_S)
