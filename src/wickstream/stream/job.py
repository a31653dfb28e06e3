"""PROCESS: the stream's queries, candles and alerts, in one JVM, until told to stop."""

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pyspark.sql import SparkSession

from wickstream.bus.seat import await_seats
from wickstream.config import Settings
from wickstream.metrics import serve_metrics
from wickstream.stopping import Stop, StopFlag, end_by_signals, set_by_signals
from wickstream.stream.failures import QueryFailed
from wickstream.stream.gateway import Gateway
from wickstream.stream.market_view import MarketView
from wickstream.stream.parts import Part
from wickstream.stream.queries import Base, plans
from wickstream.stream.running import RunningQuery
from wickstream.stream.seats import Seats, leave_to_others, open_seats, require_seats
from wickstream.stream.session import spark_session, without_companions
from wickstream.stream.threshold_table import ThresholdTable

log = structlog.get_logger()

_LOOK_SECONDS = 0.5
_ASK_KAFKA_SECONDS = 0.2
_TELL_OF_TOPICS_AFTER_SECONDS = 30.0
# The supervisor kills after 10 s; the JVM's own end takes some of them.
_STOP_SECONDS = 4.0
_MARKET_SECONDS = 1.0
# The longest that alerts wait for candles; on a busy machine of two cores it takes 20 s.
_ALONE_SECONDS = 30.0
# The archive costs 20 s of a core; a fresh stack has better things to do in its first minute.
_CLASS_DATA_AFTER_SECONDS = 60.0


def run(settings: Settings, part: Part = Part.ALL, *, ensure: bool = False, is_bounded: bool = False) -> None:
    """Publish candles, alerts or both until SIGTERM or SIGINT; told so before they run, it ends at once.

    There is one process a part, on whatever host: another waits until it ends. With `ensure` what others run already is
    left to them. With `is_bounded` it works off what is there, and ends.

    Raises:
        QueryFailed: If a query fails for another reason than its checkpoint.
        SparkFailed: If Spark does not start, or its JVM ends.
        Fenced: If another has taken its seat, while Kafka did not hear of it.
        Held: With `ensure`: if others run all of it.
        StoreBusy: With `ensure`: if Kafka does not say who runs it.
    """
    stopping = StopFlag()
    end_by_signals()
    without_companions()
    with open_seats(settings, part) as seats:
        if ensure:
            part, seats = leave_to_others(seats)
        _run(settings, part, stopping, seats, is_bounded=is_bounded)


def _run(settings: Settings, part: Part, stopping: StopFlag, seats: Seats, *, is_bounded: bool) -> None:
    log.info("starting Spark", master=settings.spark_master)

    def on_running() -> None:
        _keep_class_data(gateway, stopping)

    try:
        with spark_session(settings, folder=_name_of(part)) as (session, gateway):
            if is_bounded:
                work_off(session, settings, part, stopping, seats)
            else:
                run_queries(session, settings, part, stopping, seats, on_running=on_running)
    except KeyboardInterrupt:  # the session brings a handler of its own for SIGINT
        sys.exit(0)


def work_off(session: SparkSession, settings: Settings, part: Part, stopping: StopFlag, seats: Seats) -> None:
    """Run a part's queries one behind the other, each over what is there when it begins: spikes are judged by the
    candles before them.

    Raises:
        QueryFailed, Fenced: As `run_queries`.
    """
    if not _may_begin(session, settings, part, stopping, seats):
        return
    with _base(session, settings, part, is_bounded=True) as base:
        set_by_signals(stopping)
        for plan in plans(part):
            began_s = time.monotonic()
            query = RunningQuery(plan, base)
            while not query.is_done and not stopping.wait(_LOOK_SECONDS):
                query.look()
                require_seats(seats)
            _stop([query])
            log.info("worked off", query=plan.name, seconds=round(time.monotonic() - began_s, 1), done=query.is_done)


def run_queries(
    session: SparkSession,
    settings: Settings,
    part: Part,
    stopping: StopFlag,
    seats: Seats,
    *,
    on_running: Callable[[], None],
) -> None:
    """Run a part's queries until a signal, from when its topics and seats are there; all are stopped at the end.

    A failure, or a signal before all run, leaves them as they are: they end with the JVM, and the next start does again
    what was in the middle.

    Raises:
        QueryFailed: If one fails for another reason than its checkpoint.
        Fenced: If another has taken a seat.
    """
    if not _may_begin(session, settings, part, stopping, seats):
        return
    with _base(session, settings, part) as base:
        queries = _start(part, base, stopping, seats)
        set_by_signals(stopping)
        # The open metrics port is what tells the supervisor that the queries run.
        serve_metrics(settings.listen_host, settings.port(_name_of(part)), "stream")
        on_running()
        _watch(queries, base.market, part, stopping, seats)
        _stop(queries)


def _start(part: Part, base: Base, stopping: Stop, seats: Seats) -> list[RunningQuery]:
    """Candles first, and alone until they are on their way: of four cold queries side by side each takes as long as all
    of them, and candles are what everybody waits for, alerts of spikes too.
    """
    first, *others = plans(part)
    queries = [RunningQuery(first, base)]
    if part is Part.ALL:
        _warm_up(queries[0], stopping, seats)
    return queries + [RunningQuery(plan, base) for plan in others]


def _warm_up(query: RunningQuery, stopping: Stop, seats: Seats) -> None:
    until_s = time.monotonic() + _ALONE_SECONDS
    while not query.is_warm and time.monotonic() < until_s and not stopping.wait(_LOOK_SECONDS):
        require_seats(seats)
        query.look()
    query.look()


def _may_begin(session: SparkSession, settings: Settings, part: Part, stopping: Stop, seats: Seats) -> bool:
    end_by_signals()  # again, for SIGINT
    return _await_topics(session, settings, part, stopping) and await_seats(seats, stopping)


def _watch(queries: Sequence[RunningQuery], market: MarketView, part: Part, stopping: Stop, seats: Seats) -> None:
    while not stopping.wait(_LOOK_SECONDS):
        require_seats(seats)
        for query in queries:
            query.look()
        if part is not Part.CANDLES and not market.is_following:
            raise QueryFailed("the thread that follows the market has ended; its words are above")


def _stop(queries: Sequence[RunningQuery]) -> None:
    """Each between two batches; one whose batch lasts too long is cut off with the JVM, which loses nothing."""
    threads = ThreadPoolExecutor(len(queries))
    stops = {threads.submit(query.stop): query.name for query in queries}
    done, late = wait(stops, timeout=_STOP_SECONDS)
    for stop in done:
        stop.result()
    if late:
        log.info("cut off in a batch, which the next start does again", queries=[stops[stop] for stop in late])
        os._exit(0)  # the JVM, which may be stuck, is not waited for


def _name_of(part: Part) -> str:
    """Of folder and port: the parts may run beside each other on one machine."""
    return "stream-alerts" if part is Part.ALERTS else "stream"


def _await_topics(session: SparkSession, settings: Settings, part: Part, stopping: Stop) -> bool:
    # log_level 0: librdkafka writes a line for every refused connection otherwise.
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    needed = frozenset().union(*(plan.topics for plan in plans(part)))
    if not _missing_of(admin, needed):
        return True
    session.range(1).count()  # the first batch needs Spark's code generator; there is time to load it now
    tell_at_s = time.monotonic() + _TELL_OF_TOPICS_AFTER_SECONDS
    while missing := _missing_of(admin, needed):
        if stopping.wait(_ASK_KAFKA_SECONDS):
            return False
        if time.monotonic() > tell_at_s:
            log.warning("waiting for topics, which `wickstream up` makes when it starts", missing=sorted(missing))
            tell_at_s = math.inf
    return True


def _missing_of(admin: AdminClient, needed: frozenset[str]) -> frozenset[str]:
    try:
        return needed - admin.list_topics(timeout=1).topics.keys()
    except KafkaException:
        return needed


@contextmanager
def _base(session: SparkSession, settings: Settings, part: Part, *, is_bounded: bool = False) -> Iterator[Base]:
    """The market is followed only where there are alerts."""
    table, ended = ThresholdTable(session, f"{settings.checkpoints_url}/thresholds.json"), threading.Event()
    market = MarketView(settings, on_change=table.write)
    if part is not Part.CANDLES:
        market.catch_up()
        market.follow(ended)
    try:
        yield Base(session, settings, market, table, is_bounded)
    finally:
        ended.set()
        market.join(patience_s=_MARKET_SECONDS)  # what it writes, it writes through the session


def _keep_class_data(gateway: Gateway, stopping: Stop) -> None:
    def keep() -> None:
        if not stopping.wait(_CLASS_DATA_AFTER_SECONDS):
            gateway.keep_class_data()

    threading.Thread(target=keep, name="class-data", daemon=True).start()
