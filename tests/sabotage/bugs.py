"""The bugs, each with the judge that must find it. They change modules of a test's own process, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.sabotage import of_bus, of_exchange, of_serve, of_store, of_stream

SPARK = "tests/spark/test_candles.py"
AGAINST_ORACLE = f"{SPARK}::test_what_is_published_once_closes_equal_to_the_oracle_and_what_is_hurt_never_closes"


@dataclass(frozen=True)
class Bug:
    """How it is planted, and the test that judges."""

    plant: Callable[[], None]
    judge: str


BUGS = {
    "trades that come again are published again": Bug(
        of_exchange.no_deduplication,
        "tests/unit/exchange/sequencing/test_sequencer.py::test_trades_leave_in_the_order_of_their_ids_and_each_once",
    ),
    "a hole is passed over": Bug(of_exchange.no_holes, "tests/unit/exchange/sequencing/test_sequencer.py"),
    "acks=0": Bug(
        of_bus.no_acknowledgement,
        "tests/stack/bus/test_producer.py::test_a_record_that_no_topic_takes_is_told_from_a_broker_that_is_away",
    ),
    "offsets move before the write": Bug(
        of_store.offsets_first,
        "tests/stack/store/test_writer_killed.py::test_killed_around_the_write_of_each_tier_it_stores_each_record_once",
    ),
    "what is written again is not recognised": Bug(
        of_store.archive_without_a_look,
        "tests/stack/store/cold/test_trades_appended.py::test_what_others_added_since_the_last_commit_is_not_added_again",
    ),
    "an open candle replaces a closed one": Bug(of_store.any_candle_replaces, "tests/unit/test_candle.py"),
    "an alert is told again": Bug(of_store.sink_without_memory, "tests/unit/store/sinks/test_gate.py"),
    "closed without a mark": Bug(of_stream.no_marks, AGAINST_ORACLE),
    "closed by count alone": Bug(
        of_stream.count_alone, f"{SPARK}::test_one_trade_doubled_and_one_missing_does_not_close"
    ),
    "closed by count and sum": Bug(
        of_stream.count_and_sum,
        f"{SPARK}::test_two_trades_lost_and_two_doubled_with_the_same_sum_of_ids_do_not_close",
    ),
    "open and close in the order of arrival": Bug(of_stream.arrival_order, AGAINST_ORACLE),
    "sums in floats": Bug(of_stream.float_sums, AGAINST_ORACLE),
    "minutes by E": Bug(of_stream.minutes_by_event_time, AGAINST_ORACLE),
    "buyers taken for sellers": Bug(of_stream.sides_inverted, AGAINST_ORACLE),
    "a watermark of 0": Bug(of_stream.no_lateness, f"{SPARK}::test_a_stream_of_many_batches_ends_at_the_same_candles"),
    "a limiter that lets all pass while Redis is away": Bug(
        of_serve.limiter_fails_open,
        "tests/unit/serve/front/test_limits.py::test_while_redis_is_away_a_worker_keeps_to_its_share",
    ),
    "the leftmost X-Forwarded-For is believed": Bug(
        of_serve.leftmost_forwarded, "tests/unit/serve/front/test_visitors.py"
    ),
}
