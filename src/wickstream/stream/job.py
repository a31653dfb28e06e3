"""PROCESS: the candle query, from `raw_trades` and `minute_marks` to `processed_aggs`, until told to stop."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from wickstream.bus.topics import MINUTE_MARKS, PROCESSED_AGGS, RAW_TRADES
from wickstream.config import Settings
from wickstream.errors import WickstreamError
from wickstream.metrics import serve_metrics
from wickstream.stopping import Stop, StopFlag, set_by_signals
from wickstream.stream.candles import candles, marks_from_raw, to_records, trades_from_raw
from wickstream.stream.checkpoint import checkpoint_folder, discard, is_checkpoints_fault
from wickstream.stream.gateway import Gateway
from wickstream.stream.kafka import read_stream, write_stream
from wickstream.stream.progress import OBSERVED, ProgressMeter
from wickstream.stream.session import spark_session

log = structlog.get_logger()

_LOOK_SECONDS = 0.5
_ASK_KAFKA_SECONDS = 0.2
# The archive costs 20 s of a core; a fresh stack has better things to do in its first minute.
_CLASS_DATA_AFTER_SECONDS = 60.0


class QueryFailed(WickstreamError):
    """The candle query ended by itself; the supervisor starts the process again."""


def run(settings: Settings) -> None:
    """Publish candles until SIGTERM or SIGINT.

    Raises:
        QueryFailed: If the query fails for another reason than its checkpoint.
    """
    stopping = StopFlag()
    log.info("starting Spark", master=settings.spark_master)
    with spark_session(settings) as (session, gateway):
        set_by_signals(stopping)  # only now: the session brings a handler of its own for SIGINT
        if _await_topics(session, settings, stopping):
            _run_queries(session, gateway, settings, stopping)


def _await_topics(session: SparkSession, settings: Settings, stopping: Stop) -> bool:
    # log_level 0: librdkafka writes a line for every refused connection otherwise.
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    if _has_topics(admin):
        return True
    session.range(1).count()  # the first batch needs Spark's code generator; there is time to load it now
    while not _has_topics(admin):
        if stopping.wait(_ASK_KAFKA_SECONDS):
            return False
    return True


def _has_topics(admin: AdminClient) -> bool:
    try:
        return {RAW_TRADES, MINUTE_MARKS, PROCESSED_AGGS} <= admin.list_topics(timeout=1).topics.keys()
    except KafkaException:
        return False


def _run_queries(session: SparkSession, gateway: Gateway, settings: Settings, stopping: Stop) -> None:
    folder = checkpoint_folder(settings)
    announced = False
    while not stopping.is_set():
        meter, is_resumed = ProgressMeter(), folder.exists()
        try:
            query = start_query(session, settings, checkpoint=folder)
            announced = announced or _announce(gateway, settings, stopping)
            _watch(query, meter, stopping)
        except (PySparkException, Py4JJavaError) as exc:
            cause = _cause_of(exc)
            may_be_old = is_resumed or meter.batches_done > 0  # a checkpoint just made cannot be the cause
            if not (may_be_old and is_checkpoints_fault(cause, batches_done=meter.batches_done)):
                raise QueryFailed(cause) from exc
            discard(folder, cause=cause)


def _cause_of(failure: Exception) -> str:
    """Its own words, without the plan of the query or the stack of the JVM that follow."""
    return re.split(r"\n(?:=== Streaming Query|\tat )", str(failure), maxsplit=1)[0].strip()


def start_query(session: SparkSession, settings: Settings, *, checkpoint: Path) -> StreamingQuery:
    """Start the candle query; it goes on where `checkpoint` left off, or from the earliest records."""
    trades = _observed(trades_from_raw(read_stream(session, settings, RAW_TRADES)), RAW_TRADES)
    marks = _observed(marks_from_raw(read_stream(session, settings, MINUTE_MARKS)), MINUTE_MARKS)
    records = to_records(candles(trades, marks, lateness=timedelta(hours=settings.lateness_hours)))
    return write_stream(records, settings, PROCESSED_AGGS, checkpoint=checkpoint)


def _observed(rows: DataFrame, topic: str) -> DataFrame:
    return rows.observe(topic, F.count(F.lit(1)).alias(OBSERVED))


def _watch(query: StreamingQuery, meter: ProgressMeter, stopping: Stop) -> None:
    while query.isActive and not stopping.wait(_LOOK_SECONDS):
        meter.take(query.recentProgress)
    meter.take(query.recentProgress)
    failure = query.exception()
    query.stop()
    if failure:
        raise failure


def _announce(gateway: Gateway, settings: Settings, stopping: Stop) -> bool:
    """The open metrics port is what tells the supervisor that the query runs."""
    serve_metrics(settings.listen_host, settings.port("stream"))
    threading.Thread(target=_keep_class_data, args=(gateway, stopping), name="class-data", daemon=True).start()
    return True


def _keep_class_data(gateway: Gateway, stopping: Stop) -> None:
    if not stopping.wait(_CLASS_DATA_AFTER_SECONDS):
        gateway.keep_class_data()
