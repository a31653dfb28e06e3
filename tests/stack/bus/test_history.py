import pytest

from wickstream.bus.history import History
from wickstream.errors import StoreBusy

pytestmark = pytest.mark.stack


def test_a_topic_the_broker_does_not_know_is_not_an_empty_topic(kafka: str) -> None:
    """Taken for empty it would be a cold start, and everything published twice."""
    with History(kafka) as history, pytest.raises(StoreBusy, match="no_such_topic"):
        history.bounds("no_such_topic")
