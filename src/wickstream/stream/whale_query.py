"""The whale query: Spark's Real-Time Mode, so that an alert is there some milliseconds after its trade."""

import time
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from wickstream.bus.topics import ALERTS, RAW_TRADES, TOPICS
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.stream.candles import trades_from_raw
from wickstream.stream.kafka import paced
from wickstream.stream.threshold_table import ThresholdTable
from wickstream.stream.whales import to_records, whales

# How long a batch takes records in. Between two of them some wait for a few tenths of a second, and after a kill what
# came within one comes again; a new threshold takes effect with the next.
_BATCH = "1 minute"

_SLOTS_OF_OTHERS = 2
_WORKERS_SECONDS = 30.0
_POLL_SECONDS = 0.2


def start_whales(
    session: SparkSession,
    settings: Settings,
    *,
    table: ThresholdTable,
    checkpoint: Path | str,
    batch: str = _BATCH,
    is_bounded: bool = False,
) -> StreamingQuery:
    """Start the query; it goes on where `checkpoint` left off, or from the earliest trades. Each alert at least once.

    `table`: written at least once. `is_bounded`: in ordinary batches, over what there is.

    Raises:
        Mistake: If the master has too few slots for it.
    """
    if not is_bounded:
        check_slots(session)
    trades = trades_from_raw(_read(session, settings))
    alerts = whales(trades, table.read(), whale_usd=settings.whale_usd)
    writer = to_records(alerts).writeStream.format("kafka").outputMode("update")
    options = {"kafka.bootstrap.servers": settings.kafka, "topic": ALERTS, "checkpointLocation": str(checkpoint)}
    writer = writer.options(**options)
    if is_bounded:
        return paced(writer, every=batch, is_bounded=True).start()
    at_once: DataStreamWriter = writer.trigger(realTime=batch)  # type: ignore[call-overload]
    return at_once.start()


def _read(session: SparkSession, settings: Settings) -> DataFrame:
    """Uncommitted: what is aborted comes again with the same ids, and nobody waits for a transaction's end."""
    options: dict[str, str | bool] = {
        "kafka.bootstrap.servers": settings.kafka,
        "subscribe": RAW_TRADES,
        "startingOffsets": "earliest",
        "failOnDataLoss": True,
        "kafka.isolation.level": "read_uncommitted",
    }
    return session.readStream.format("kafka").options(**options).load()


def check_slots(session: SparkSession, *, others: int = _SLOTS_OF_OTHERS) -> None:
    """In Real-Time Mode each partition has a task that never ends: with too few slots all queries would stand still.

    `others`: how many the other queries need. Workers of a cluster have half a minute to come.

    Raises:
        Mistake: If there are too few.
    """
    partitions = next(topic.partitions for topic in TOPICS if topic.name == RAW_TRADES)
    needed = partitions + others
    master = session.sparkContext.master or ""
    deadline = time.monotonic() + (0 if master.startswith("local") else _WORKERS_SECONDS)
    while (slots := _slots(session)) < needed:
        if time.monotonic() > deadline:
            raise Mistake(
                f"SPARK_MASTER={master} runs {slots} tasks at a time, and alerts need {needed}: "
                f"{partitions} wait for whales all the time; as in local[{needed}]"
            )
        time.sleep(_POLL_SECONDS)


def _slots(session: SparkSession) -> int:
    context: Any = session.sparkContext._jsc.sc()
    return int(context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile()))
