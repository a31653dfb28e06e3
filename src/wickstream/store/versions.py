"""Which of several candles of one minute is kept. The Lua, SQL and Delta forms are tested against this one."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from wickstream.candle import EXCHANGE_FIELDS, Candle, contradicts, plain, supersedes

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Written:
    """What became of the candles offered to a tier.

    Attributes:
        stored: new to the tier, or larger in version than what it held.
        older: not stored; the tier holds the same or a newer one, or keeps none so old.
        contradicting: of equal version to what was held and other values in the exchange's fields; a shown error.
    """

    stored: int = 0
    older: int = 0
    contradicting: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.stored + other.stored, self.older + other.older, self.contradicting + other.contradicting)


def key_of(candle: Candle) -> Key:
    """What a candle is one of: symbol, interval, open time."""
    return (candle.symbol, candle.interval, candle.open_time)


def newest(candles: Iterable[Candle]) -> tuple[list[Candle], Written]:
    """One candle a key, sorted by key (so that concurrent writers lock in one order), and what became of the others."""
    kept: dict[Key, Candle] = {}
    older = contradicting = 0
    for candle in candles:
        held = kept.setdefault(key_of(candle), candle)
        if held is candle:
            continue
        older += 1
        contradicting += contradicts(candle, held)
        if supersedes(candle, held):
            kept[key_of(candle)] = candle
    return [kept[key] for key in sorted(kept)], Written(older=older, contradicting=contradicting)


def facts_digest(candle: Candle) -> str:
    """Short hash of the exchange's fields: differs where `contradicts` would find a difference."""
    fields = (getattr(candle, name) for name in EXCHANGE_FIELDS)
    text = "|".join(plain(value) if isinstance(value, Decimal) else str(value) for value in fields)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
