"""What a predecessor left in Kafka: the newest mark of each symbol, and the trades since. Rule 2."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Protocol, TypeVar

import structlog
from confluent_kafka import Message

from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.bus.history import History
from wickstream.errors import MalformedFrame, Unpublishable
from wickstream.events import Author, Gap, Mark, Source, SymbolEvent
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sessions.instance import Instance

log = structlog.get_logger()

Value = TypeVar("Value")

LOOK_BACK_RECORDS = 2_000  # marks per partition: some minutes of a few hundred symbols
LOOK_BACK_MS = 3 * 86_400_000  # raw trades are kept no longer; beyond the newest marks none older is looked for
MARGIN_MS = 5_000  # producers' clocks may step; a record too many does no harm


@dataclass
class Tail:
    """Where one symbol stopped.

    Attributes:
        mark: its newest one, where the symbol was not begun anew since.
        next_id: nothing from this id on was published by then; None: nothing is known of the symbol.
        written_ms: trades from that id on were published then or later, by producers' clocks.
        known_at_ms: the exchange's time when that id was yet to come; None: a mark knows it.
        is_silent: minutes behind that one are still to be told of, and none before.
        trades: those published since, oldest first.
        listed: entries of the ledger since: what they tell of is known to be missing.
        is_cold: nobody followed it of late; what happened since is no gap.
    """

    mark: Mark | None = None
    next_id: int | None = None
    written_ms: int = 0
    known_at_ms: int | None = None
    is_silent: bool = False
    trades: list[Arrival] = field(default_factory=list)
    listed: list[Gap] = field(default_factory=list)
    is_cold: bool = True

    def take_event(self, event: SymbolEvent, written_ms: int) -> None:
        """The connector's own word of it; the compacted topic has one at most."""
        self.next_id, self.written_ms, self.is_cold = event.next_trade_id, written_ms, event.status == STOPPED
        self.known_at_ms, self.is_silent = event.since, event.status == SILENT

    def take_mark(self, mark: Mark, written_ms: int) -> None:
        """One mark of it; the newest counts, unless the connector began anew after it."""
        known = self.mark
        if known is not None and (mark.open_time, mark.trade_count) < (known.open_time, known.trade_count):
            return
        if self.next_id is not None and mark.next_trade_id < self.next_id:
            return
        is_newer = written_ms >= self.written_ms
        self.mark = mark
        if is_newer:  # else the connector said later that nothing came since
            self.next_id, self.written_ms, self.known_at_ms = mark.next_trade_id, written_ms, None
            self.is_cold = False


STARTED, SILENT, STOPPED = "started", "silent", "stopped"  # what the connector says of a symbol


Headers = Sequence[tuple[str, Any]] | Mapping[str, Any] | None


class Read(Protocol):
    """One record that was read."""

    def value(self) -> bytes | None:
        """As it was written."""

    def timestamp(self) -> tuple[int, int]:
        """Kind, and ms by the producer's clock."""

    def headers(self) -> Headers:
        """Names and values."""


class Past(Protocol):
    """What topics hold, as `History` reads it."""

    def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """First offset and end offset of each partition."""

    def offsets_at(self, topic: str, time_ms: int) -> dict[int, int]:
        """Of each partition the first offset written then or later; its end if none was."""

    def read(self, topic: str, starts: Mapping[int, int]) -> Iterator[Read]:
        """From these offsets to the present end."""


def read_tails(history: Past, symbols: Iterable[str], *, producers_ms: int) -> dict[str, Tail]:
    """The tail of each symbol. Only after the predecessor was fenced: else what it still sends is missed.

    Args:
        producers_ms: now, by the clock that stamps records.

    Raises:
        StoreBusy: If Kafka cannot be read now.
    """
    tails = {symbol: Tail() for symbol in symbols}
    _find_events(history, tails)
    _find_marks(history, tails, since_ms=producers_ms - LOOK_BACK_MS)
    _find_since(history, tails)
    return tails


def _find_events(history: Past, tails: dict[str, Tail]) -> None:
    starts = {partition: first for partition, (first, _) in history.bounds(topics.SYMBOL_EVENTS).items()}
    for message, event in _decoded(history, topics.SYMBOL_EVENTS, starts, lambda value: decode(value, SymbolEvent)):
        if event.author is Author.CONNECTOR and event.symbol in tails:
            tails[event.symbol].take_event(event, message.timestamp()[1])


def _find_marks(history: Past, tails: dict[str, Tail], *, since_ms: int) -> None:
    bounds = history.bounds(topics.MINUTE_MARKS)  # the newest, however old they are: nobody may have run for weeks
    _take_marks(history, tails, {at: max(first, end - LOOK_BACK_RECORDS) for at, (first, end) in bounds.items()})
    # Begun lately, or killed before its first mark: what there is was written since
    unmarked = [tail.written_ms for tail in _warm(tails).values() if tail.mark is None]
    if unmarked:
        _take_marks(history, tails, history.offsets_at(topics.MINUTE_MARKS, max(since_ms, min(unmarked) - MARGIN_MS)))


def _take_marks(history: Past, tails: dict[str, Tail], starts: dict[int, int]) -> None:
    for message, mark in _decoded(history, topics.MINUTE_MARKS, starts, lambda value: decode(value, Mark)):
        if mark.symbol in tails and tails[mark.symbol].next_id is not None:
            since = dict(message.headers() or ()).get("since")  # a mark may wait long for its proof
            tails[mark.symbol].take_mark(mark, int(since) if since else message.timestamp()[1])


def _decoded(
    history: Past, topic: str, starts: Mapping[int, int], read: Callable[[bytes], Value]
) -> Iterator[tuple[Read, Value]]:
    """What is none of ours must not keep a connector down: whoever reads the topic sets it aside."""
    for message in history.read(topic, starts):
        try:
            yield message, read(message.value() or b"")
        except (Unpublishable, MalformedFrame) as exc:
            log.warning("not one of our records, left out", topic=topic, reason=str(exc)[:200])


def _warm(tails: Mapping[str, Tail]) -> dict[str, Tail]:
    return {symbol: tail for symbol, tail in tails.items() if tail.next_id is not None and not tail.is_cold}


def _find_since(history: Past, tails: dict[str, Tail]) -> None:
    warm = _warm(tails)
    if not warm:
        return
    since_ms = min(tail.written_ms for tail in warm.values()) - MARGIN_MS
    starts = history.offsets_at(topics.RAW_TRADES, since_ms)
    for _, arrival in _decoded(history, topics.RAW_TRADES, starts, lambda value: Arrival.read(value, Source.WS, 0)):
        tail = warm.get(arrival.symbol)
        if tail is not None and tail.next_id is not None and arrival.trade_id >= tail.next_id:
            tail.trades.append(arrival)
    starts = history.offsets_at(topics.FEED_GAPS, since_ms)
    for _, gap in _decoded(history, topics.FEED_GAPS, starts, lambda value: decode(value, Gap)):
        if gap.symbol in warm and gap.first_trade_id is not None:
            warm[gap.symbol].listed.append(gap)


def find_layouts(bootstrap_servers: str) -> set[Instance]:
    """The connectors that wrote the newest marks.

    Raises:
        StoreBusy: If Kafka cannot be read now.
    """
    with History(bootstrap_servers) as history:
        bounds = history.bounds(topics.MINUTE_MARKS)
        starts = {partition: max(first, end - LOOK_BACK_RECORDS) for partition, (first, end) in bounds.items()}
        found = (_instance(message) for message in history.read(topics.MINUTE_MARKS, starts))
        return {instance for instance in found if instance is not None}


def has_twin(bootstrap_servers: str, me: Instance, *, since_ms: int) -> bool:
    """Whether another connector took our place after we did, which was at `since_ms` (producers' clock) or later.

    A producer that outlived its own transaction timeout is fenced exactly as by a twin; this tells the two apart.

    Raises:
        StoreBusy: If Kafka cannot be read now.
    """
    with History(bootstrap_servers) as history:
        starts = history.offsets_at(topics.SYMBOL_EVENTS, since_ms - MARGIN_MS)
        found = [_instance(message) for message in history.read(topics.SYMBOL_EVENTS, starts)]
    writers = [instance for instance in found if instance is not None]
    after_us = takewhile(lambda writer: writer != me, reversed(writers))
    return any(other.replaces(me) for other in after_us)


def _instance(message: Message) -> Instance | None:
    headers: dict[str, object] = dict(message.headers() or [])
    value = headers.get("instance")
    return Instance.read(value) if isinstance(value, bytes) else None
