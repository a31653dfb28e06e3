"""Where a group goes on by the word of the lake: not by an offset of another topic than the one that is there now."""

from collections.abc import Collection

from structlog.testing import capture_logs

from wickstream.bus.consumer import Place
from wickstream.store.offsets import StoredOffsets

FIRST, SECOND = Place("raw_trades", 0), Place("raw_trades", 1)


def offsets(*, topic_id: int) -> StoredOffsets:
    def identify(names: Collection[str]) -> dict[str, int]:
        return dict.fromkeys(names, topic_id)

    return StoredOffsets("write-trades", identify=identify)


def committed(*, topic_id: int) -> dict[str, int]:
    """By a process that read both partitions, and something of the first only."""
    writer = offsets(topic_id=topic_id)
    writer.starts([FIRST, SECOND], lambda _name: None)
    return writer.named({FIRST: 17})


def test_who_comes_back_to_the_same_topic_goes_on_where_the_commit_ends() -> None:
    with capture_logs() as logs:
        assert offsets(topic_id=5).starts([FIRST, SECOND], committed(topic_id=5).get) == {FIRST: 17, SECOND: 0}
    assert logs == []


def test_another_topic_of_the_same_name_is_read_from_its_beginning_and_that_is_said() -> None:
    with capture_logs() as logs:
        assert offsets(topic_id=6).starts([FIRST, SECOND], committed(topic_id=5).get) == {FIRST: 0, SECOND: 0}
    (line,) = logs
    assert (line["log_level"], line["topics"], line["partitions"]) == ("warning", ["raw_trades"], 1)


def test_an_offset_that_says_nothing_of_its_topic_does_not_count() -> None:
    assert offsets(topic_id=5).starts([FIRST], {"write-trades/raw_trades/0": 17}.get) == {FIRST: 0}


def test_brokers_that_give_their_topics_no_ids_are_believed() -> None:
    assert offsets(topic_id=0).starts([FIRST], committed(topic_id=0).get) == {FIRST: 17}


def test_after_a_new_beginning_the_offsets_are_those_of_the_new_topic() -> None:
    said = committed(topic_id=5)
    writer = offsets(topic_id=6)
    writer.starts([FIRST], said.get)
    said |= writer.named({FIRST: 3})
    assert offsets(topic_id=6).starts([FIRST], said.get) == {FIRST: 3}
