"""The only place with Spark's settings: one session, on a JVM of our own."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql import SparkSession

from wickstream.config import Settings
from wickstream.stream.gateway import Gateway, start_gateway

Option = bool | float | int | str | None

# A number that does not fit is an error, never a null or a rounded one.
_EXACTNESS: dict[str, Option] = {
    "spark.sql.ansi.enabled": True,
    "spark.sql.caseSensitive": True,  # the exchange's `t` and `T`
    "spark.sql.decimalOperations.allowPrecisionLoss": False,
    "spark.sql.session.timeZone": "UTC",
}

# One machine, micro-batches of a few rows: the fewer tasks, threads and kept records, the better.
_SMALL: dict[str, Option] = {
    "spark.sql.shuffle.partitions": 2,
    "spark.default.parallelism": 2,
    "spark.sql.adaptive.enabled": False,
    "spark.ui.enabled": False,
    "spark.ui.showConsoleProgress": False,
    "spark.ui.retainedJobs": 10,
    "spark.ui.retainedStages": 10,
    "spark.ui.retainedTasks": 100,
    "spark.sql.ui.retainedExecutions": 1,
    "spark.sql.streaming.ui.enabled": False,
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": 1_000,  # each batch describes its plan to a page that is off
    "spark.appStateStore.asyncTracking.enable": False,
    "spark.cleaner.periodicGC.interval": "10min",
}

_STREAMING: dict[str, Option] = {
    # The stock one starts a `chmod` program for each file it writes: 60 ms instead of 11 per log entry.
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
    "spark.sql.streaming.noDataMicroBatches.enabled": False,
    "spark.sql.streaming.numRecentProgressUpdates": 50,
    "spark.sql.streaming.minBatchesToRetain": 20,
}

# Spark tries the next port when one is taken; a stack owns the 20 from its base on.
_PORT_RETRIES = 4


@contextmanager
def spark_session(settings: Settings) -> Iterator[tuple[SparkSession, Gateway]]:
    """A session and the JVM it runs on; both are gone at the end of the block."""
    logging.getLogger("py4j").setLevel(logging.WARNING)  # it reports each of its own connections
    folder = settings.data_dir / "spark"
    gateway = start_gateway(settings, folder)
    try:
        session = _build(settings, gateway, folder)
        yield session, gateway
        session.stop()
    finally:
        _let_go_of_gateway()
        gateway.stop()


def _let_go_of_gateway() -> None:
    """pyspark keeps its connection for good: it would complain of the JVM's end, and use it for the next session."""
    if SparkContext._gateway:
        SparkContext._gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None


def _build(settings: Settings, gateway: Gateway, folder: Path) -> SparkSession:
    options: dict[str, Option] = {**_EXACTNESS, **_SMALL, **_STREAMING, **_network(settings)}
    options["spark.sql.warehouse.dir"] = str(folder / "warehouse")
    if not settings.spark_master.startswith("local"):
        options["spark.jars"] = ",".join(map(str, gateway.kafka_jars))
    return SparkSession.builder.master(settings.spark_master).appName("wickstream").config(map=options).getOrCreate()


def _network(settings: Settings) -> dict[str, Option]:
    return {
        "spark.driver.bindAddress": settings.listen_host,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.port": settings.port("spark-driver"),
        "spark.blockManager.port": settings.port("spark-blocks"),
        "spark.port.maxRetries": _PORT_RETRIES,
    }
