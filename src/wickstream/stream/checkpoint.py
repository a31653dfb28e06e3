"""Spark's checkpoint is disposable: candles are versioned, so an unusable one is replaced, and all is read again."""

import re
import shutil
from pathlib import Path

import structlog

from wickstream.config import Settings

log = structlog.get_logger()

# Another plan of the query, or another form of its state, needs another folder.
_NAME = "candles-v1"

# Failures that would come again with a new checkpoint: Kafka is away, a sum does not fit, the heap is full.
_OF_OTHERS = re.compile(
    r"kafka\.common\.errors|TimeoutException|Timed out|node assignment|Cannot fetch record"
    r"|ARITHMETIC_OVERFLOW|NUMERIC_VALUE_OUT_OF_RANGE|OutOfMemoryError"
)

# What the stored offsets look like when retention, or a new Kafka, took the records they point to.
_OFFSETS_ARE_GONE = re.compile(r"KAFKA_DATA_LOSS|OffsetOutOfRange|data may have been (lost|missed)")


def checkpoint_folder(settings: Settings) -> Path:
    """Where the candle query keeps its offsets and state."""
    return settings.data_dir / "checkpoints" / _NAME


def is_checkpoints_fault(cause: str, *, batches_done: int) -> bool:
    """Tell a checkpoint that cannot be gone on from, by the text of the query's failure.

    A damaged one shows before the first batch is through, in too many forms to name: so there it is at fault unless
    the text names another.
    """
    if _OFFSETS_ARE_GONE.search(cause):
        return True
    return batches_done == 0 and not _OF_OTHERS.search(cause)


def discard(folder: Path, *, cause: str) -> None:
    """Remove the checkpoint, and say so: the query reads its topics again from their earliest records."""
    log.warning("checkpoint replaced, reading all topics again", folder=str(folder), cause=cause)
    shutil.rmtree(folder, ignore_errors=True)
