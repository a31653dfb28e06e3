import pytest
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import PySparkException

from wickstream.stream.failures import SparkFailed, cause_of, spark_failures, with_advice


class OfSpark(PySparkException):
    """Spark's, with words of its own."""

    def __str__(self) -> str:
        return str(self.args[0])


def test_a_cause_is_told_without_the_plan_and_the_stack_of_java() -> None:
    text = "[STREAM_FAILED] Query [id = 1] terminated:\n  no such topic\n=== Streaming Query ===\nIdentifier: [id = 1]"
    assert cause_of(OfSpark(text)) == "[STREAM_FAILED] Query [id = 1] terminated: no such topic"
    text = "An error occurred while calling o31.start.\n: java.io.IOException: mkdir failed\n\tat java.base/a.b(1)"
    assert cause_of(OfSpark(text)) == "java.io.IOException: mkdir failed"


def test_of_a_failed_batch_only_the_last_words_are_told() -> None:
    text = 'Traceback\n    raise BatchFailed("of old")\na.b.BatchFailed: StoreBusy: Kafka is away\n\tat x'
    assert cause_of(OfSpark(text)) == "StoreBusy: Kafka is away"


def test_a_topic_that_is_gone_is_told_with_what_to_do() -> None:
    cause = "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this one."
    told = with_advice(cause, topics={"raw_trades", "minute_marks"})
    assert told.startswith("Kafka lost a topic (minute_marks or raw_trades), start `wickstream up` again")
    assert told.endswith(cause)
    assert with_advice("no such file", topics={"raw_trades"}) == "no such file"


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (OfSpark("no master"), "Spark: no master"),
        (Py4JNetworkError("Answer from Java side is empty"), "Spark's JVM does not answer any more"),
        (Py4JError("An error occurred while calling o1.isActive"), "Spark's JVM does not answer any more"),
        (ConnectionRefusedError(111, "Connection refused"), "Spark's JVM does not answer any more"),
    ],
)
def test_what_comes_from_spark_is_one_line(failure: Exception, told: str) -> None:
    with pytest.raises(SparkFailed) as raised, spark_failures():
        raise failure
    assert str(raised.value) == told
