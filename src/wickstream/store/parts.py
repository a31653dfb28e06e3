"""The parts that the writer consists of, and which of them a process runs; free of what brings a store's client."""

from collections.abc import Collection
from enum import StrEnum

from wickstream.errors import Mistake


class Part(StrEnum):
    """A tier, or all sinks of alerts together."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"
    SINKS = "sinks"


ALL_PARTS = frozenset(Part)


def parts_of(words: Collection[str]) -> frozenset[Part]:
    """The parts of these names; all of them if there is none.

    Raises:
        Mistake: If a word names no part.
    """
    if unknown := sorted(set(words) - ALL_PARTS):
        raise Mistake(f"write: --tier {unknown[0]}: they are {', '.join(Part)}")
    return frozenset(map(Part, words)) or ALL_PARTS


def port_name(parts: Collection[Part]) -> str:
    """Of the port for metrics; processes that share no part share no port either."""
    return "writer" if set(parts) >= ALL_PARTS else f"write-{next(part for part in Part if part in parts)}"
