"""PROCESS: the stream's queries, candles and alerts, in one JVM, until told to stop."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pyspark.sql import SparkSession

from wickstream.config import Settings
from wickstream.metrics import serve_metrics
from wickstream.stopping import Stop, StopFlag, set_by_signals
from wickstream.stream.gateway import Gateway
from wickstream.stream.market_view import MarketView
from wickstream.stream.parts import Part
from wickstream.stream.queries import Base, plans
from wickstream.stream.running import QueryFailed, RunningQuery
from wickstream.stream.session import spark_session
from wickstream.stream.threshold_table import ThresholdTable

log = structlog.get_logger()

_LOOK_SECONDS = 0.5
_ASK_KAFKA_SECONDS = 0.2
# The archive costs 20 s of a core; a fresh stack has better things to do in its first minute.
_CLASS_DATA_AFTER_SECONDS = 60.0


def run(settings: Settings, part: Part = Part.ALL) -> None:
    """Publish candles, alerts or both until SIGTERM or SIGINT.

    Raises:
        QueryFailed: If a query fails for another reason than its checkpoint.
    """
    stopping = StopFlag()
    log.info("starting Spark", master=settings.spark_master)
    with spark_session(settings, folder=_name_of(part)) as (session, gateway):
        set_by_signals(stopping)  # only now: the session brings a handler of its own for SIGINT
        run_queries(session, settings, part, stopping, on_running=lambda: _keep_class_data(gateway, stopping))


def run_queries(
    session: SparkSession, settings: Settings, part: Part, stopping: Stop, *, on_running: Callable[[], None]
) -> None:
    """Run a part's queries until `stopping`, from when their topics are there; all are stopped at the end.

    Raises:
        QueryFailed: If one fails for another reason than its checkpoint.
    """
    if not _await_topics(session, settings, part, stopping):
        return
    with _base(session, settings, part) as base, _running(base, part) as queries:
        # The open metrics port is what tells the supervisor that the queries run.
        serve_metrics(settings.listen_host, settings.port(_name_of(part)))
        on_running()
        while not stopping.wait(_LOOK_SECONDS):
            for query in queries:
                query.look()
            if part is not Part.CANDLES and not base.market.is_following:
                raise QueryFailed("the thread that follows the market has ended; its words are above")


def _name_of(part: Part) -> str:
    """Of folder and port: the parts may run beside each other on one machine."""
    return "stream-alerts" if part is Part.ALERTS else "stream"


def _await_topics(session: SparkSession, settings: Settings, part: Part, stopping: Stop) -> bool:
    # log_level 0: librdkafka writes a line for every refused connection otherwise.
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    needed = frozenset().union(*(plan.topics for plan in plans(part)))
    if _has_topics(admin, needed):
        return True
    session.range(1).count()  # the first batch needs Spark's code generator; there is time to load it now
    while not _has_topics(admin, needed):
        if stopping.wait(_ASK_KAFKA_SECONDS):
            return False
    return True


def _has_topics(admin: AdminClient, needed: frozenset[str]) -> bool:
    try:
        return needed <= admin.list_topics(timeout=1).topics.keys()
    except KafkaException:
        return False


@contextmanager
def _base(session: SparkSession, settings: Settings, part: Part) -> Iterator[Base]:
    """The market is followed only where there are alerts."""
    table, ended = ThresholdTable(session, f"{settings.checkpoints_url}/thresholds.json"), threading.Event()
    market = MarketView(settings, on_change=table.write)
    if part is not Part.CANDLES:
        market.catch_up()
        market.follow(ended)
    try:
        yield Base(session, settings, market, table)
    finally:
        ended.set()


@contextmanager
def _running(base: Base, part: Part) -> Iterator[list[RunningQuery]]:
    queries: list[RunningQuery] = []
    try:
        for plan in plans(part):
            queries.append(RunningQuery(plan, base))  # noqa: PERF401 - if one fails, those before it are stopped
        yield queries
    finally:
        with ThreadPoolExecutor() as threads:  # each takes up to some seconds
            list(threads.map(RunningQuery.stop, queries))


def _keep_class_data(gateway: Gateway, stopping: Stop) -> None:
    def keep() -> None:
        if not stopping.wait(_CLASS_DATA_AFTER_SECONDS):
            gateway.keep_class_data()

    threading.Thread(target=keep, name="class-data", daemon=True).start()
