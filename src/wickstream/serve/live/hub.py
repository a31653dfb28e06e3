"""Who listens to what: messages in, one write per subscriber and tick out."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from wickstream.metrics import LIVE_FRAMES, LIVE_SUBSCRIBERS
from wickstream.serve.live.messages import Message, Shape
from wickstream.serve.live.outbox import Outbox
from wickstream.serve.live.rules import REST, SHORTEST_TICK_S

Streams = frozenset[str]
Call = Callable[[], None]


class Subscriber(Protocol):
    """Somebody who listens."""

    def deliver(self, wire: bytes, messages: Sequence[Message]) -> None:
        """Pass on the messages of a tick, which on this subscriber's wire are `wire`; never blocks or unsubscribes."""
        ...


class Audience(Protocol):
    """Who wants to know which streams have listeners."""

    def came(self, stream: str) -> None:
        """The first one."""
        ...

    def went(self, stream: str) -> None:
        """The last one."""
        ...


class _Group:
    """Subscribers of the same streams on the same kind of wire: what a tick has for them is joined once."""

    def __init__(self, streams: Streams, shape: Shape) -> None:
        self.streams = streams
        self.shape = shape
        self.members: dict[Subscriber, None] = {}
        self.pending = Outbox()

    def flush(self) -> None:
        """One write each."""
        messages = self.pending.take()
        if messages:
            wire = b"".join([message.on(self.shape) for message in messages])
            for member in self.members:
                member.deliver(wire, messages)
            LIVE_FRAMES.inc(len(messages) * len(self.members))


class Hub:
    """All subscribers by stream. `clock` is monotonic, in seconds; `later` calls something after so many of them."""

    def __init__(self, *, clock: Callable[[], float], later: Callable[[float, Call], object]) -> None:
        self.audience: Audience | None = None
        self._clock = clock
        self._later = later
        self._groups: dict[tuple[Streams, Shape], _Group] = {}
        self._of_stream: dict[str, dict[_Group, None]] = {}
        self._of_subscriber: dict[Subscriber, _Group] = {}
        self._newest: dict[str, Message] = {}
        self._dirty: dict[_Group, None] = {}
        self._earliest_s = float("-inf")

    def __len__(self) -> int:
        return len(self._of_subscriber)

    def listens_to(self, stream: str) -> bool:
        """Whether anyone does."""
        return stream in self._of_stream

    def subscribe(self, subscriber: Subscriber, streams: Iterable[str], shape: Shape) -> None:
        """From now on these streams and no others; of those that are new to it, the newest state at once."""
        wanted = frozenset(streams)
        unheard = [stream for stream in wanted if stream not in self._of_stream]
        had = self._leave(subscriber)
        self._join(subscriber, wanted, shape)
        if self.audience:
            for stream in unheard:
                self.audience.came(stream)
        first = [self._newest[stream] for stream in sorted(wanted - had) if stream in self._newest]
        if first:
            subscriber.deliver(b"".join([message.on(shape) for message in first]), first)
            LIVE_FRAMES.inc(len(first))
        self._forget(had - wanted)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """It is gone; nothing more is delivered."""
        group = self._of_subscriber.get(subscriber)
        if group is not None:
            self._remove(subscriber, group)
            self._forget(group.streams)

    def publish(self, message: Message) -> None:
        """For all who listen, with the next tick; at once, unless the last one was just now."""
        if message.is_state:
            self._newest[message.stream] = message
        groups = self._of_stream.get(message.stream)
        if groups is None:
            return
        if not self._dirty:
            self._later(max(0.0, self._earliest_s - self._clock()), self._tick)
        for group in groups:
            group.pending.add(message)
            self._dirty[group] = None

    def forget_state(self, stream: str) -> None:
        """Who comes later begins without one."""
        self._newest.pop(stream, None)

    def _tick(self) -> None:
        began_s = self._clock()
        dirty, self._dirty = self._dirty, {}
        for group in dirty:
            group.flush()
        ended_s = self._clock()
        self._earliest_s = ended_s + max(SHORTEST_TICK_S, REST * (ended_s - began_s))

    def _leave(self, subscriber: Subscriber) -> Streams:
        group = self._of_subscriber.get(subscriber)
        if group is None:
            return frozenset()
        group.flush()  # what came before is this subscriber's too
        self._remove(subscriber, group)
        return group.streams

    def _join(self, subscriber: Subscriber, streams: Streams, shape: Shape) -> None:
        group = self._groups.get((streams, shape))
        if group is None:
            group = self._groups[streams, shape] = _Group(streams, shape)
            for stream in streams:
                self._of_stream.setdefault(stream, {})[group] = None
        group.flush()  # what came before is the others'
        group.members[subscriber] = None
        self._of_subscriber[subscriber] = group
        LIVE_SUBSCRIBERS.set(len(self))

    def _remove(self, subscriber: Subscriber, group: _Group) -> None:
        del self._of_subscriber[subscriber]
        del group.members[subscriber]
        LIVE_SUBSCRIBERS.set(len(self))
        if group.members:
            return
        del self._groups[group.streams, group.shape]
        self._dirty.pop(group, None)
        for stream in group.streams:
            groups = self._of_stream[stream]
            del groups[group]
            if not groups:
                del self._of_stream[stream]

    def _forget(self, streams: Streams) -> None:
        if self.audience:
            for stream in streams:
                if stream not in self._of_stream:
                    self.audience.went(stream)
