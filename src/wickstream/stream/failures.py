"""What ends the job, in one line: Spark's own words come with a plan, and with the stacks of two languages."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException

from wickstream.errors import WickstreamError
from wickstream.stream.alert_batches import BatchFailed

_CALL = re.compile(r"An error occurred while calling [^\n]*\n: ")
_REST = re.compile(r"\n(?:=== Streaming Query|\s*at )")
_TOPIC_IS_GONE = "UnknownTopicOrPartitionException"
_NO_ANSWER = (Py4JError, ConnectionError)


class QueryFailed(WickstreamError):
    """A query ended by itself; the supervisor starts the process again."""


class SparkFailed(WickstreamError):
    """Spark did not start, or its JVM has ended; the supervisor starts the process again."""


@contextmanager
def spark_failures() -> Iterator[None]:
    """Around all that talks to Spark.

    Raises:
        SparkFailed: For what Spark, or the way to it, raises.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as exc:
        raise SparkFailed(f"Spark: {_told_of(exc)}") from exc
    except _NO_ANSWER as exc:
        raise SparkFailed("Spark's JVM does not answer any more") from exc


def cause_of(failure: Exception) -> str:
    """Its own words in one line: neither the stack of Python before them, nor the plan or the stack of Java after."""
    _, _, of_batch = str(failure).rpartition(f"{BatchFailed.__name__}: ")
    words = _REST.split(_CALL.sub("", of_batch), maxsplit=1)[0]
    return " ".join(words.split())


def with_advice(cause: str, *, topics: Iterable[str]) -> str:
    """What to do, where that is known, before the cause. `topics`: those of the query."""
    if _TOPIC_IS_GONE not in cause:
        return cause
    return f"Kafka lost a topic ({' or '.join(sorted(topics))}), start `wickstream up` again, which makes it: {cause}"


def _told_of(failure: Exception) -> str:
    """A failure of Java asks the JVM for its words."""
    try:
        return cause_of(failure)
    except _NO_ANSWER:
        return "its words are above"
