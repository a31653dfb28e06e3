"""The only place with Spark's settings: one session, on a JVM of our own."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from wickstream.config import Settings
from wickstream.stream.failures import spark_failures
from wickstream.stream.gateway import Gateway, start_gateway

Option = bool | float | int | str | None

# A number that does not fit is an error, never a null or a rounded one.
_EXACTNESS: dict[str, Option] = {
    "spark.sql.ansi.enabled": True,
    "spark.sql.caseSensitive": True,  # the exchange's `t` and `T`
    "spark.sql.decimalOperations.allowPrecisionLoss": False,
    "spark.sql.session.timeZone": "UTC",
}

# Spark's launcher has its own opinion of these, which is not the operator's.
_OURS: dict[str, Option] = {"spark.ui.showConsoleProgress": False}

# One machine, micro-batches of a few rows: the fewer tasks, threads and kept records, the better.
_SMALL: dict[str, Option] = {
    "spark.sql.shuffle.partitions": 2,
    "spark.default.parallelism": 2,
    "spark.sql.adaptive.enabled": False,
    "spark.ui.enabled": False,
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
    # Else the code of each sum is written twice, for each batch anew: of all that a batch allocates a quarter.
    "spark.sql.codegen.aggregate.splitAggregateFunc.enabled": False,
    # The stock one starts a `chmod` program for each file it writes: 60 ms instead of 11 per log entry.
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
    "spark.sql.streaming.noDataMicroBatches.enabled": False,
    "spark.sql.streaming.numRecentProgressUpdates": 50,
    # Else late rows are told by the watermark of the batch before, which a batch's report does not name.
    "spark.sql.streaming.statefulOperator.allowMultiple": False,
    "spark.sql.streaming.minBatchesToRetain": 20,
}

# A day's windows of 500 symbols: 70 MB outside the heap, where Spark's usual store wants 600 MB of it.
_ROCKSDB = "spark.sql.streaming.stateStore.rocksdb"
_STATE: dict[str, Option] = {
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    f"{_ROCKSDB}.changelogCheckpointing.enabled": True,  # a batch writes what it changed, not whole files
    f"{_ROCKSDB}.boundedMemoryUsage": True,  # of all stores together
    f"{_ROCKSDB}.maxMemoryUsageMB": 64,
}


def without_companions() -> None:
    """Keep what pyspark imports where it is installed, and we never ask it for, out of this process.

    Where pandas is, that is 60 MB and two seconds. For processes that do nothing else: it holds until their end.
    """
    for name in ("IPython", "numpy", "pandas", "pyarrow"):
        sys.modules[name] = None  # type: ignore[assignment]  # to Python: not there


@contextmanager
def spark_session(settings: Settings, *, folder: str = "spark") -> Iterator[tuple[SparkSession, Gateway]]:
    """A session and the JVM it runs on; both are gone at the end of the block. `folder`: its own in the data folder.

    Raises:
        SparkFailed: If Spark does not start, and for what it raises in the block.
    """
    gateway = start_gateway(settings, settings.data_dir / folder)
    try:
        with spark_failures():
            session = _build(settings, {"spark.master": settings.spark_master, **_shipped(settings, gateway)})
            yield session, gateway
            session.stop()
    finally:
        _let_go_of_gateway()
        gateway.stop()


@contextmanager
def submitted_session(settings: Settings) -> Iterator[SparkSession]:
    """A session in the JVM that `spark-submit` started, on the master and with the jars that it was given.

    Raises:
        SparkFailed: If Spark does not start, and for what it raises in the block.
    """
    with spark_failures():
        session = _build(settings, {})
        try:
            yield session
        finally:
            session.stop()


def _let_go_of_gateway() -> None:
    """pyspark keeps its connection for good: it would complain of the JVM's end, and use it for the next session."""
    if SparkContext._gateway:
        SparkContext._gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None


def _build(settings: Settings, own: dict[str, Option]) -> SparkSession:
    logging.getLogger("py4j").setLevel(logging.CRITICAL)  # what it reports comes back as an exception
    SparkContext._ensure_initialized()
    given = SparkConf()  # by SPARK_PROPERTIES, or to spark-submit
    usual: dict[str, Option] = {**_SMALL, **_STREAMING, **_STATE, **_addresses(settings)}
    usual["spark.sql.warehouse.dir"] = str(settings.data_dir / "spark" / "warehouse")
    options = {name: value for name, value in usual.items() if not given.contains(name)} | own | _OURS | _EXACTNESS
    return SparkSession.builder.appName("wickstream").config(map=options).getOrCreate()


def _shipped(settings: Settings, gateway: Gateway) -> dict[str, Option]:
    """What workers lack; a local master has it on its class path."""
    if settings.spark_master.startswith("local"):
        return {}
    return {"spark.jars": ",".join(map(str, gateway.kafka_jars))}


def _addresses(settings: Settings) -> dict[str, Option]:
    """Nobody else talks to a local master: any ports do. A cluster's workers reach the driver through known ones.

    Spark knows where it is then; of the next port, which it would try, a stack makes other use.
    """
    if settings.spark_master.startswith("local"):
        return {"spark.driver.bindAddress": settings.listen_host, "spark.driver.host": "127.0.0.1"}
    return {
        "spark.driver.port": settings.port("spark-driver"),
        "spark.driver.blockManager.port": settings.port("spark-blocks"),
        "spark.port.maxRetries": 0,
    }
