"""Where a group goes on, as the store that it fills says it: the lake in its commits, PostgreSQL in a table."""

from collections.abc import Callable, Collection, Mapping, Sequence

import structlog

from wickstream.bus.consumer import Place, Positions

log = structlog.get_logger(__name__)

Said = Callable[[str], int | None]  # the number of that name in the store
Identify = Callable[[Collection[str]], Mapping[str, int]]  # which topics these are now


class StoredOffsets:
    """Offsets, each with the topic it is of: a store outlives Kafka, where a topic of the same name may begin again.

    An offset of another topic would skip as many records of this one, so it does not count. Nor does one of which no
    topic was said, as by builds before this.
    """

    def __init__(self, group: str, *, identify: Identify) -> None:
        self._group = group
        self._identify = identify
        self._topics: Mapping[str, int] = {}

    def starts(self, places: Sequence[Place], said: Said) -> dict[Place, int]:
        """Those that count; from the beginning where there is none, whatever Kafka says.

        Raises:
            StoreBusy: If Kafka or the store does not answer.
        """
        self._topics = self._identify({place.topic for place in places})
        offsets = {place: said(self._name(place)) for place in places}
        strange = [p for p in places if offsets[p] is not None and said(self._topic_name(p)) != self._topics[p.topic]]
        if strange:
            log.warning("not the topic that the store was filled from: read from the beginning", group=self._group,
                        topics=sorted({place.topic for place in strange}), partitions=len(strange))  # fmt: skip
        return {place: 0 if place in strange else offset or 0 for place, offset in offsets.items()}

    def named(self, positions: Positions) -> dict[str, int]:
        """After `starts`: what the store is to say of these positions."""
        offsets = {self._name(place): offset for place, offset in positions.items()}
        return offsets | {self._topic_name(place): self._topics[place.topic] for place in positions}

    def _name(self, place: Place) -> str:
        return offset_name(self._group, place)

    def _topic_name(self, place: Place) -> str:
        return f"{self._name(place)}/topic"


def offset_name(group: str, place: Place) -> str:
    """Under which a store says where a group goes on."""
    return f"{group}/{place.topic}/{place.partition}"
