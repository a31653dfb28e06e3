"""Topics as Spark reads and writes them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from wickstream.config import Settings

Offsets = Mapping[str, int]  # by partition, as Spark writes them
_EARLIEST = -2

# Bounds the first batches after a long stop; about two seconds of work.
_MOST_RECORDS_PER_BATCH = 500_000

# How often Kafka is asked for new records, and so the most batches a second. A batch of few records costs some 0.2 s
# of a core; idle, the asking costs 8 % of one at 200 ms.
_TRIGGER = "100 milliseconds"


def read_stream(
    session: SparkSession, settings: Settings, *topics: str, most_records: int = _MOST_RECORDS_PER_BATCH
) -> DataFrame:
    """Topics from their beginning on, committed records only; lost offsets end the query."""
    options = _source_options(settings, *topics) | {"maxOffsetsPerTrigger": most_records}
    return session.readStream.format("kafka").options(**options).load()


def read_range(session: SparkSession, settings: Settings, topic: str, *, starts: Offsets, ends: Offsets) -> DataFrame:
    """The committed records of a part of a topic, in batch; `starts` may leave partitions out: from their earliest."""
    given = {partition: starts.get(partition, _EARLIEST) for partition in ends}
    options = _source_options(settings, topic) | {
        "startingOffsets": json.dumps({topic: given}),
        "endingOffsets": json.dumps({topic: dict(ends)}),
    }
    return session.read.format("kafka").options(**options).load()


def _source_options(settings: Settings, *topics: str) -> dict[str, str | int | bool]:
    return {
        "kafka.bootstrap.servers": settings.kafka,
        "subscribe": ",".join(topics),
        "startingOffsets": "earliest",
        "failOnDataLoss": True,
        "kafka.isolation.level": "read_committed",  # Spark's default reads aborted records too
        # A batch asks for offsets behind its own pending fetch, and the broker answers in order: the stock wait of
        # 500 ms for more records would be part of each batch.
        "kafka.fetch.max.wait.ms": 10,
        # Spark asks the broker for a partition's ends before each poll: the stock 500 records are not worth it, and of
        # 20,000 so many are alive at once that collecting garbage takes as long as the work.
        "kafka.max.poll.records": 2_000,
        # Of a broker that died, the question for offsets is asked again only when it has timed out: not the stock
        # minute. So often, as long as three of those would last.
        "kafka.request.timeout.ms": 8_000,
        "kafka.default.api.timeout.ms": 10_000,
        "fetchOffset.numRetries": 18,
    }


def write_stream(
    records: DataFrame, settings: Settings, topic: str, *, checkpoint: Path | str, is_bounded: bool = False
) -> StreamingQuery:
    """Start publishing `key, value, headers` rows, each at least once; keys go where `murmur2_random` sends them.

    `is_bounded`: it ends by itself when it has taken in what was there when it began.
    """
    writer = records.writeStream.format("kafka").outputMode("update")
    return (
        paced(writer, every=_TRIGGER, is_bounded=is_bounded)
        .options(
            **{
                "kafka.bootstrap.servers": settings.kafka,
                "kafka.compression.type": "lz4",
                "topic": topic,
                "checkpointLocation": str(checkpoint),
            }
        )
        .start()
    )


def write_batches(
    rows: DataFrame, take: Callable[[DataFrame, int], None], *, every: str, checkpoint: str, is_bounded: bool = False
) -> StreamingQuery:
    """Start handing each batch and its number to `take`, in the driver; a batch that failed is repeated.

    `is_bounded`: as of `write_stream`.
    """
    writer = paced(rows.writeStream.foreachBatch(take), every=every, is_bounded=is_bounded)
    return writer.option("checkpointLocation", checkpoint).start()


def paced(writer: DataStreamWriter, *, every: str, is_bounded: bool) -> DataStreamWriter:
    """For ever, looking for records so often; or once, over what there is."""
    return writer.trigger(availableNow=True) if is_bounded else writer.trigger(processingTime=every)
