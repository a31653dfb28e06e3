"""How a measurement is shown: peer, ours, limit, ratio."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line. `limit`: what it may be at most, or what bounds it; `peer`: the same work by somebody else's part."""

    name: str
    unit: str
    ours: float
    limit: float | None = None
    peer: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours to the peer's, else to the limit."""
        other = self.peer if self.peer is not None else self.limit
        return None if not other else round(self.ours / other, 3)


def render(title: str, figures: Iterable[Figure]) -> str:
    """A table for people."""
    rows = [("", "peer", "ours", "limit", "ratio")]
    rows += [
        (f"{f.name} [{f.unit}]", _number(f.peer), _number(f.ours), _number(f.limit), _number(f.ratio)) for f in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join(
            cell.ljust(width) if not i else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join((f"{title}", *lines, ""))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"
