"""Spark's checkpoint is disposable: all we publish has versions, so an unusable one is replaced, and all is read again.

It lies on any file system that Hadoop knows, for on a cluster the driver's disk is not the workers'.
"""

import re
from typing import Any, cast

import structlog
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from wickstream.errors import WickstreamError

log = structlog.get_logger()

# Failures that would come again with a new checkpoint: Kafka is away, a sum does not fit, heap or disk are full.
_OF_OTHERS = re.compile(
    r"kafka\.common\.errors|TimeoutException|Timed out|node assignment|Cannot fetch record|StoreBusy"
    r"|ARITHMETIC_OVERFLOW|NUMERIC_VALUE_OUT_OF_RANGE|OutOfMemoryError|No space left on device|Disk quota exceeded"
)

# What the stored offsets look like when retention, or a new Kafka, took the records they point to.
_OFFSETS_ARE_GONE = re.compile(r"KAFKA_DATA_LOSS|OffsetOutOfRange|data may have been (lost|missed)")

# Spark repeats the newest batch at most, and that one reads what the batch before it left.
_CARRIED_KEPT = 2


class CheckpointStays(WickstreamError):
    """A checkpoint that is of no more use cannot be removed."""


class CarriedLost(WickstreamError):
    """What an earlier batch left for the next one is not there any more."""


class Checkpoint:
    """The folder of one query: Spark's own files, and in `carried/` what we leave from batch to batch."""

    def __init__(self, session: SparkSession, url: str) -> None:
        self.url = url
        self._jvm = cast(Any, session._jvm)
        self._folder: Any = self._jvm.org.apache.hadoop.fs.Path(url)
        self._files = self._folder.getFileSystem(session._jsc.hadoopConfiguration())

    def exists(self) -> bool:
        """Tell whether a query has begun to fill it."""
        return bool(self._files.exists(self._folder))

    def discard(self, *, cause: str) -> None:
        """Remove it, and say so: the query reads its topics again from their earliest records.

        Raises:
            CheckpointStays: If its file system refuses.
        """
        log.warning("checkpoint replaced, reading all topics again", folder=self.url, cause=cause)
        try:
            self._files.delete(self._folder, True)  # noqa: FBT003
            stays = self.exists()
        except Py4JJavaError as exc:
            raise CheckpointStays(f"{self.url}: remove it by hand, {exc.java_exception.getMessage()}") from exc
        if stays:
            raise CheckpointStays(f"{self.url}: remove it by hand, its file system does not say why")

    def carried(self, *, into: int) -> str | None:
        """What the batch before `into` left; None for the first batch.

        Raises:
            CarriedLost: If it is not there.
        """
        if into == 0:
            return None
        try:
            stream = self._files.open(self._carried(into - 1))
            text: str = self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
            stream.close()
        except Py4JJavaError as exc:
            raise CarriedLost(f"what batch {into - 1} left is not there: {exc.java_exception.getMessage()}") from exc
        return text

    def carry(self, text: str, *, out_of: int) -> None:
        """Leave something for the batch after `out_of`, before Spark notes that this one is done.

        A file cut short does no harm: its batch is repeated then.
        """
        stream = self._files.create(self._carried(out_of), True)  # noqa: FBT003
        stream.write(text.encode())
        stream.close()
        if out_of >= _CARRIED_KEPT:
            self._files.delete(self._carried(out_of - _CARRIED_KEPT), False)  # noqa: FBT003

    def _carried(self, batch: int) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(f"{self.url}/carried/{batch}.json")


def is_checkpoints_fault(cause: str, *, batches_done: int) -> bool:
    """Tell a checkpoint that cannot be gone on from, by the text of the query's failure.

    A damaged one shows before the first batch is through, in too many forms to name: so there it is at fault unless
    the text names another.
    """
    if _OFFSETS_ARE_GONE.search(cause):
        return True
    return batches_done == 0 and not _OF_OTHERS.search(cause)
