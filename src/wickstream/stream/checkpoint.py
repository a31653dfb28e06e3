"""Spark's checkpoint is disposable: candles are versioned, so an unusable one is replaced, and all is read again."""

import re
import shutil
from pathlib import Path

import structlog

from wickstream.config import Settings

log = structlog.get_logger()

# Another plan of the query, or another form of its state, needs another folder.
_NAME = "candles-v1"

# What Kafka's absence looks like; a checkpoint is not to blame for it.
_KAFKA_IS_AWAY = re.compile(
    r"org\.apache\.kafka\.common\.errors\.(Timeout|Disconnect|Network|BrokerNotAvailable|NotLeader|LeaderNotAvailable"
    r"|CoordinatorNotAvailable|CoordinatorLoadInProgress)|UnknownTopicOrPartition"
)

# What the stored offsets look like when retention, or a new Kafka, took the records they point to.
_OFFSETS_ARE_GONE = re.compile(r"KAFKA_DATA_LOSS|OffsetOutOfRange|data may have been (lost|missed)|data was lost")


def checkpoint_folder(settings: Settings) -> Path:
    """Where the candle query keeps its offsets and state."""
    return settings.data_dir / "checkpoints" / _NAME


def is_checkpoints_fault(cause: str, *, batches_done: int) -> bool:
    """Tell a checkpoint that cannot be gone on from, by the text of the query's failure.

    A damaged one shows before the first batch is through, in many forms (Spark has some twenty for it), so there
    everything counts but the absence of Kafka.
    """
    if _OFFSETS_ARE_GONE.search(cause):
        return True
    return batches_done == 0 and not _KAFKA_IS_AWAY.search(cause)


def discard(folder: Path, *, cause: str) -> None:
    """Remove the checkpoint, and say so: the query reads its topics again from their earliest records."""
    log.warning("checkpoint replaced, reading all topics again", folder=str(folder), cause=cause.splitlines()[0])
    shutil.rmtree(folder)
