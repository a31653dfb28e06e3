import pytest

from tests.deleted_records import delete_before
from wickstream.bus.history import History
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import ALERTS, create_topics
from wickstream.errors import StoreBusy

pytestmark = pytest.mark.stack


def test_a_topic_the_broker_does_not_know_is_not_an_empty_topic(kafka: str) -> None:
    """Taken for empty it would be a cold start, and everything published twice."""
    with History(kafka) as history, pytest.raises(StoreBusy, match="no_such_topic"):
        history.bounds("no_such_topic")


def test_a_start_that_retention_has_deleted_is_the_first_record_that_is_left(kafka: str) -> None:
    """Taken for the end it would be as if nothing had ever been: a sink tells all of it again."""
    create_topics(kafka)
    producer = IdempotentProducer(kafka)
    for key in "abcdefgh":
        producer.publish(Record(ALERTS, key, key.encode()))
    producer.flush()
    with History(kafka) as history:
        lasts = {partition: end - 1 for partition, (first, end) in history.bounds(ALERTS).items() if first < end}
        delete_before(kafka, ALERTS, lasts)
        left = {message.partition(): message.offset() for message in history.read(ALERTS, dict.fromkeys(lasts, 0))}

    assert left == lasts != {}
