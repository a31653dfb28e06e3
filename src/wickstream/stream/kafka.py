"""Topics as Spark reads and writes them."""

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from wickstream.config import Settings

# Bounds the first batches after a long stop; about two seconds of work.
_MOST_RECORDS_PER_BATCH = 200_000

# How often Kafka is asked for new records, and so the most batches a second. A batch of few records costs some 0.2 s
# of a core; idle, the asking costs 8 % of one at 200 ms.
_TRIGGER = "400 milliseconds"


def read_stream(session: SparkSession, settings: Settings, topic: str) -> DataFrame:
    """A topic from its beginning on, committed records only; lost offsets end the query."""
    options = _source_options(settings, topic) | {"maxOffsetsPerTrigger": _MOST_RECORDS_PER_BATCH}
    return session.readStream.format("kafka").options(**options).load()


def _source_options(settings: Settings, topic: str) -> dict[str, str | int | bool]:
    return {
        "kafka.bootstrap.servers": settings.kafka,
        "subscribe": topic,
        "startingOffsets": "earliest",
        "failOnDataLoss": True,
        "kafka.isolation.level": "read_committed",  # Spark's default reads aborted records too
        # A batch asks for offsets behind its own pending fetch, and the broker answers in order: the stock wait of
        # 500 ms for more records would be part of each batch.
        "kafka.fetch.max.wait.ms": 10,
    }


def write_stream(records: DataFrame, settings: Settings, topic: str, *, checkpoint: Path) -> StreamingQuery:
    """Start publishing `key, value, headers` rows, each at least once; keys go where `murmur2_random` sends them."""
    writer = records.writeStream.format("kafka").outputMode("update").trigger(processingTime=_TRIGGER)
    return writer.options(
        **{
            "kafka.bootstrap.servers": settings.kafka,
            "kafka.compression.type": "lz4",
            "topic": topic,
            "checkpointLocation": str(checkpoint),
        }
    ).start()
