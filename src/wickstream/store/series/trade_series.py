"""Single trades as one series: by id, out of the live lane and the archive. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from wickstream.events import Trade

IdRange = tuple[int, int]  # both ends inclusive


@dataclass(frozen=True)
class TradeQuestion:
    """At most `limit` trades of a symbol, in the order of their ids.

    The first from `from_id` on or, without it, from `start` on; without both the last before `before_id` or, without
    it, until `end`; without any of them the newest.

    Attributes:
        start: ms, of trade time, inclusive as `end`: none that is earlier.
    """

    symbol: str
    limit: int
    start: int | None = None
    end: int | None = None
    from_id: int | None = None
    before_id: int | None = None

    def is_within(self, trade: Trade) -> bool:
        """Tell whether it was traded when it should be."""
        return (self.start or 0) <= trade.traded_at_ms and (self.end is None or trade.traded_at_ms <= self.end)


@dataclass(frozen=True)
class Stitched:
    """Trades in the order of their ids, each once.

    Attributes:
        missing: ids among those asked for that nobody has, and that are not known to be absent from the exchange.
        tiers: those that gave some of it.
    """

    trades: Sequence[Trade]
    missing: tuple[IdRange, ...]
    tiers: tuple[str, ...]


def wanted_ids(from_id: int | None, limit: int, newest_id: int | None) -> range:
    """The ids that are asked for: from `from_id` on, or the newest; none that nobody has heard of."""
    if from_id is None:
        return range(0) if newest_id is None else range(max(0, newest_id + 1 - limit), newest_id + 1)
    end = from_id + limit
    return range(from_id, end if newest_id is None else max(from_id, min(end, newest_id + 1)))


def lacking_ids(ids: range, held: Collection[int], absent: Iterable[IdRange] = ()) -> tuple[IdRange, ...]:
    """Those of `ids` that are neither held nor absent, in unbroken ranges."""
    borders = sorted({id_ for id_ in held if id_ in ids})
    gaps = [(one + 1, other - 1) for one, other in pairwise((ids.start - 1, *borders, ids.stop)) if other - one > 1]
    for first, last in absent:
        gaps = [piece for gap in gaps for piece in _without(gap, first, last)]
    return tuple(gaps)


def _without(gap: IdRange, first: int, last: int) -> list[IdRange]:
    if last < gap[0] or first > gap[1]:
        return [gap]
    pieces = [(gap[0], first - 1), (last + 1, gap[1])]
    return [(begin, end) for begin, end in pieces if begin <= end]


def stitch_trades(ids: range, parts: Mapping[str, Sequence[Trade]], absent: Sequence[IdRange] = ()) -> Stitched:
    """One trade an id: whoever has it, has the same."""
    held = {trade.trade_id: trade for part in parts.values() for trade in part if trade.trade_id in ids}
    tiers = tuple(tier for tier, part in parts.items() if any(trade.trade_id in ids for trade in part))
    return Stitched([held[id_] for id_ in sorted(held)], lacking_ids(ids, held, absent), tiers)
