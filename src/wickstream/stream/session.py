"""The only place with Spark's settings: one session, on a JVM of our own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from wickstream.config import Settings
from wickstream.stream.gateway import Gateway, start_gateway

# A number that does not fit is an error, never a null or a rounded one.
_EXACTNESS = {
    "spark.sql.ansi.enabled": True,
    "spark.sql.caseSensitive": True,  # the exchange's `t` and `T`
    "spark.sql.decimalOperations.allowPrecisionLoss": False,
    "spark.sql.session.timeZone": "UTC",
}

# One machine, micro-batches of a few rows: the fewer tasks, threads and kept records, the better.
_SMALL = {
    "spark.sql.shuffle.partitions": 2,
    "spark.default.parallelism": 2,
    "spark.ui.enabled": False,
    "spark.ui.showConsoleProgress": False,
    "spark.ui.retainedJobs": 10,
    "spark.ui.retainedStages": 10,
    "spark.ui.retainedTasks": 100,
    "spark.sql.ui.retainedExecutions": 1,
    "spark.sql.streaming.ui.enabled": False,
    "spark.appStateStore.asyncTracking.enable": False,
    "spark.cleaner.periodicGC.interval": "10min",
}

_STREAMING = {
    "spark.sql.streaming.noDataMicroBatches.enabled": False,
    "spark.sql.streaming.numRecentProgressUpdates": 50,
    "spark.sql.streaming.minBatchesToRetain": 20,
}

# Spark tries the next port when one is taken; a stack owns the 20 from its base on.
_PORT_RETRIES = 4


@contextmanager
def spark_session(settings: Settings) -> Iterator[tuple[SparkSession, Gateway]]:
    """A session and the JVM it runs on; both are gone at the end of the block."""
    folder = settings.data_dir / "spark"
    gateway = start_gateway(settings, folder)
    try:
        session = _build(settings, gateway, folder)
        yield session, gateway
        session.stop()
    finally:
        gateway.stop()


def _build(settings: Settings, gateway: Gateway, folder: Path) -> SparkSession:
    options = {**_EXACTNESS, **_SMALL, **_STREAMING, **_network(settings)}
    options["spark.sql.warehouse.dir"] = str(folder / "warehouse")
    if not settings.spark_master.startswith("local"):
        options["spark.jars"] = ",".join(map(str, gateway.kafka_jars))
    return SparkSession.builder.master(settings.spark_master).appName("wickstream").config(map=options).getOrCreate()


def _network(settings: Settings) -> dict[str, object]:
    return {
        "spark.driver.bindAddress": settings.listen_host,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.port": settings.port("spark-driver"),
        "spark.blockManager.port": settings.port("spark-blocks"),
        "spark.port.maxRetries": _PORT_RETRIES,
    }
