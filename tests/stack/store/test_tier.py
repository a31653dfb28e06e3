"""Loops of tiers on a real broker and real stores: two that share a tier, and records that a store refuses."""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.candles import minute
from tests.running import wait_until
from tests.tier_contents import read_warm
from tests.writing import in_thread
from wickstream.bus.codec import encode
from wickstream.bus.consumer import Place
from wickstream.bus.groups import committed_offsets
from wickstream.bus.history import History
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import DEAD_LETTERS, PROCESSED_AGGS, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.store import writer
from wickstream.store.intake import Batch
from wickstream.store.tier import REFUSED_IN_A_ROW
from wickstream.store.tiers import Warm
from wickstream.store.warm.database import connect

pytestmark = pytest.mark.stack

TierMaker = Callable[[Settings], Warm]
PLACES = [Place(PROCESSED_AGGS, number) for number in range(3)]


@pytest.fixture
def bus(kafka: str, stores: Settings) -> Settings:
    """Settings of the stores and a broker with our topics."""
    create_topics(kafka)
    return stores.model_copy(update={"kafka_bootstrap_servers": kafka})


@pytest.fixture
def group() -> str:
    """A group of the test's own; what other tests left in the topics comes to it too."""
    return f"write-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def symbols() -> list[str]:
    """So many that each partition has some."""
    return [f"T{uuid.uuid4().hex[:8].upper()}USDT" for _ in range(12)]


def publish(settings: Settings, candles: Sequence[Candle]) -> None:
    producer = IdempotentProducer(settings.kafka)
    for candle in candles:
        producer.publish(Record(PROCESSED_AGGS, candle.symbol, encode(candle)))
    producer.flush()


@contextmanager
def writing(settings: Settings, make: TierMaker, *, port: int) -> Iterator[list[Exception]]:
    """One tier in a thread, told from others by `port`; what ended it is in the list then, and raised."""

    def work(stop: threading.Event) -> None:
        writer.write(settings, stop=stop, on_ready=lambda: None, tiers=(make,), with_sinks=False, port=port)

    with in_thread(work) as running:
        yield running.ended


def warm_of(group: str, tier: type[Warm] = Warm) -> type[Warm]:
    """The warm tier with a place of its own in the topics."""
    return type("OfGroup", (tier,), {"group": group, "topics": (PROCESSED_AGGS,)})


def stored(settings: Settings, symbols: Sequence[str]) -> set[str]:
    with closing(connect(settings)) as conn:
        rows = conn.execute("SELECT symbol FROM candles WHERE symbol = ANY(%s)", (list(symbols),)).fetchall()
    return {symbol for (symbol,) in rows}


def test_while_one_writer_waits_for_its_store_another_gets_a_share_and_writes_on(
    bus: Settings, group: str, symbols: list[str]
) -> None:
    back, tried = threading.Event(), threading.Event()

    class Away(Warm):
        def take(self, batch: Batch) -> Any:
            if batch.candles and not back.is_set():
                tried.set()
                raise StoreBusy("away")
            return super().take(batch)

    publish(bus, [minute(symbol) for symbol in symbols])
    with writing(bus, warm_of(group, Away), port=1):
        wait_until(tried.is_set, what="the first stuck")
        with writing(bus, warm_of(group), port=2):
            wait_until(lambda: stored(bus, symbols) != set(), deadline_s=15.0, what="the share of the second")
            wait_until(lambda: len(committed_offsets(bus.kafka, group, PLACES)) > 0, what="its offsets moved")
            publish(bus, [minute(symbol, 1) for symbol in symbols])
            shared = stored(bus, symbols)
            wait_until(
                lambda: {s for s in shared if len(read_warm(bus, s)) == 2} == shared, deadline_s=5.0, what="more of it"
            )
            assert stored(bus, symbols) == shared < set(symbols)
            assert 0 < len(committed_offsets(bus.kafka, group, PLACES)) < 3
            back.set()
            wait_until(lambda: all(len(read_warm(bus, symbol)) == 2 for symbol in symbols), what="all of it")
            wait_until(lambda: len(committed_offsets(bus.kafka, group, PLACES)) == 3, what="all offsets moved")


def test_how_far_a_tier_is_behind_is_told_while_its_store_is_away(
    bus: Settings, group: str, symbols: list[str]
) -> None:
    class Away(Warm):
        name = group

        def take(self, batch: Batch) -> Any:
            if batch.candles:
                raise StoreBusy("away")
            return super().take(batch)

    def behind() -> float:
        return REGISTRY.get_sample_value("wickstream_tier_lag_records", {"tier": group}) or 0

    def failed() -> float:
        return REGISTRY.get_sample_value("wickstream_tier_writes_total", {"tier": group, "outcome": "failed"}) or 0

    publish(bus, [minute(symbol) for symbol in symbols])
    with writing(bus, warm_of(group, Away), port=1):
        wait_until(lambda: failed() > 2, what="some tries")
        before = behind()
        publish(bus, [minute(symbol, 1) for symbol in symbols])
        wait_until(lambda: behind() >= before + len(symbols), what="the new ones counted")


class Starting(Warm):
    """A store that for a while cannot say where to begin."""

    knows = threading.Event()
    asked = threading.Event()

    def start_offsets(self, places: Sequence[Place]) -> Mapping[Place, int]:
        self.asked.set()
        if not self.knows.is_set():
            raise StoreBusy("away")
        return super().start_offsets(places)


def test_a_store_that_does_not_say_where_to_begin_holds_no_other_writer(
    bus: Settings, group: str, symbols: list[str]
) -> None:
    publish(bus, [minute(symbol) for symbol in symbols])
    with writing(bus, warm_of(group, Starting), port=1):
        wait_until(Starting.asked.is_set, what="the first stuck")
        with writing(bus, warm_of(group), port=2):
            wait_until(lambda: stored(bus, symbols) != set(), deadline_s=15.0, what="the share of the second")
            assert stored(bus, symbols) < set(symbols)
            Starting.knows.set()
            wait_until(lambda: stored(bus, symbols) == set(symbols), what="all of it")


def letters(settings: Settings, symbols: Sequence[str]) -> dict[str, Any]:
    """Of each symbol the reason of its letter."""
    with History(settings.kafka) as history:
        starts = {partition: first for partition, (first, _end) in history.bounds(DEAD_LETTERS).items()}
        found = list(history.read(DEAD_LETTERS, starts))
    keys = {symbol.encode() for symbol in symbols}
    mine = [letter for letter in found if letter.key() in keys]
    reasons = {(letter.key() or b"").decode(): dict(letter.headers() or [])["reason"] for letter in mine}
    assert len(reasons) == len(mine), "a letter came twice"
    return reasons


def refuse(settings: Settings, condition: str) -> None:
    with closing(connect(settings)) as conn, conn:
        conn.execute(f"ALTER TABLE candles ADD CONSTRAINT test_refuses CHECK ({condition})")


def test_what_the_store_refuses_is_set_aside_alone_and_the_rest_is_stored(
    bus: Settings, group: str, symbols: list[str]
) -> None:
    bad = {symbols[3], symbols[7]}
    refuse(bus, f"symbol NOT IN ('{symbols[3]}', '{symbols[7]}')")
    publish(
        bus, [minute(symbol, number) for number in range(2) for symbol in symbols if number == 0 or symbol not in bad]
    )
    good = set(symbols) - bad

    with writing(bus, warm_of(group), port=1):
        wait_until(lambda: all(len(read_warm(bus, symbol)) == 2 for symbol in good), what="the rest stored")
        wait_until(lambda: set(letters(bus, symbols)) == bad, what="two letters")

    assert stored(bus, symbols) == good
    assert all(b"warm: new row for relation" in reason for reason in letters(bus, symbols).values())


def test_a_store_that_refuses_everything_ends_the_process_and_moves_no_offset_past_it(
    bus: Settings, group: str, symbols: list[str]
) -> None:
    refuse(bus, "symbol = ''")
    publish(bus, [minute(symbols[0], number) for number in range(REFUSED_IN_A_ROW + 20)])

    with (
        pytest.raises(Unpublishable, match="test_refuses"),
        writing(bus, warm_of(group), port=1) as ended,
    ):
        wait_until(lambda: ended != [], what="the writer at its end")


def test_a_partition_that_was_dropped_under_the_writer_is_made_again(
    bus: Settings, group: str, symbols: list[str]
) -> None:
    with writing(bus, warm_of(group), port=1):
        publish(bus, [minute(symbols[0])])
        wait_until(lambda: stored(bus, symbols) == {symbols[0]}, what="the first")
        with closing(connect(bus)) as conn, conn:
            conn.execute("DROP TABLE candles_2024_08")
        publish(bus, [minute(symbols[1])])
        wait_until(lambda: stored(bus, symbols) == {symbols[1]}, what="the second")
    assert letters(bus, symbols) == {}
