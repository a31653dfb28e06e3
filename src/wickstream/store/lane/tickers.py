"""PROCESS, the live lane: trades and tickers into Redis in milliseconds, read before they are committed."""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from confluent_kafka import Message

from wickstream import metrics
from wickstream.binance.frames import parse_ticker, parse_trade
from wickstream.bus.consumer import Isolation, Place, open_consumer, require_topics
from wickstream.bus.member import Member
from wickstream.bus.rewind import recent_offsets
from wickstream.bus.topics import RAW_TICKERS, RAW_TRADES
from wickstream.config import Settings
from wickstream.errors import MalformedFrame, StoreBusy
from wickstream.metrics import serve_metrics
from wickstream.stopping import Stop, StopFlag, set_by_signals
from wickstream.store.lane.lane import Lane
from wickstream.store.lane.live import LiveWriter
from wickstream.store.retries import Patience

log = structlog.get_logger(__name__)

TOPICS = (RAW_TRADES, RAW_TICKERS)
PAUSE_S = 0.05  # a symbol is written at most this often: faster than an eye, slower than a burst
BATCH_ROWS = 1_000
BACK_MS = 65_000  # before a partition's newest record: the running minute's first trade lies within


def run(settings: Settings) -> None:
    """Keep Redis at the newest trade until told to stop. Servers may come up after this process does."""
    stop = StopFlag()
    set_by_signals(stop)
    port = settings.port("tickers")
    follow(settings, stop=stop, on_ready=lambda: serve_metrics(settings.listen_host, port, "tickers"))


def follow(settings: Settings, *, stop: Stop, on_ready: Callable[[], None]) -> None:
    """As `run`, until `stop` is set; `on_ready` is called once, when partitions were given to us."""
    Patience(stop, tier="live").repeat(lambda: require_topics(settings.kafka, TOPICS), None)
    consumer = open_consumer(
        settings.kafka,
        group="tickers",
        instance=f"{socket.gethostname()}:{settings.port('tickers')}",
        isolation=Isolation.UNCOMMITTED,
    )
    member = Member(consumer, TOPICS, stop=stop)
    patience = Patience(member, tier="live")

    def starts(places: Sequence[Place]) -> dict[Place, int]:
        return recent_offsets(consumer, settings.kafka, places, back_ms=BACK_MS)

    lane, writer = Lane(pause_s=PAUSE_S, process_ms=_process_ms), LiveWriter(settings)
    announce: Callable[[], None] | None = on_ready
    while not stop.is_set():
        messages = member.poll(limit=BATCH_ROWS, wait_s=PAUSE_S / 5, fill_s=0)
        if member.has_moved:
            _begin(member, starts, patience)
        else:
            take(lane, messages)
            if messages:
                metrics.TIER_LAG.labels("live").set(member.behind(RAW_TRADES))
            patience.repeat(lambda: _write(lane, writer), None)
            if announce:
                announce()
                announce = None
    writer.close()
    member.close()


def _begin(member: Member, starts: Callable[[Sequence[Place]], dict[Place, int]], patience: Patience) -> None:
    places = member.given
    found = None if places is None else patience.repeat(lambda: starts(places), None)
    if places is not None and found is not None:
        member.begin(found)
        log.info("following", partitions=len(places))


def take(lane: Lane, messages: Sequence[Message]) -> None:
    """Parse and take; what does not parse was set aside by the connector already."""
    for message in messages:
        with suppress(MalformedFrame):
            if message.topic() == RAW_TRADES:
                lane.take_trade(parse_trade(message.value() or b""))
            else:
                frame = message.value() or b""
                lane.take_ticker(parse_ticker(frame), frame)


def _write(lane: Lane, writer: LiveWriter) -> None:
    changes = lane.due(time.monotonic())
    if not changes:
        return
    try:
        writer.write(changes, lane.clock)
    except StoreBusy:
        lane.forget_written()  # it may come back empty
        raise


def _process_ms() -> int:
    return time.time_ns() // 1_000_000
