"""Which of several words on a minute is right, and what follows from it. Pure."""

import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from wickstream.candle import EIGHT_PLACES, EXACT, EXCHANGE_FIELDS, Candle
from wickstream.events import MINUTE_MS

LARGEST_REVISION = 2**31 - 2

_FACTS = (*EXCHANGE_FIELDS, "first_trade_id", "last_trade_id")


class Held(NamedTuple):
    """What the tiers say of a minute; None: nothing that is a closed candle."""

    warm: Candle | None = None
    cold: Candle | None = None
    hot: Candle | None = None

    @property
    def words(self) -> list[Candle]:
        """Those that are there."""
        return [candle for candle in self if candle is not None]


class Deed(StrEnum):
    """What is done about a minute."""

    NOTHING = "as they were"
    TO_COLD = "to cold"
    TO_WARM = "to warm"
    PUBLISH = "published anew"
    REMOVE = "removed from warm"
    LEAVE = "left as they are"


class Judgement(NamedTuple):
    """`candle`: what is stored or published; of LEAVE, `why` nothing is done."""

    deed: Deed
    candle: Candle | None = None
    why: str = ""


def judged(held: Held, right: Candle | None, *, occupied: int | None = None) -> Judgement:
    """What to do, where this is right; None: nothing is known to be.

    `occupied`: the revision of whatever row has its place in warm, closed or not, a candle or not; None: there is none.
    """
    if right is None:
        if held.warm is not None and held.cold is None:
            return Judgement(Deed.REMOVE, held.warm)
        if not held.words:  # if it is missing, the next proof says so
            return Judgement(Deed.NOTHING)
        return Judgement(Deed.LEAVE, why="no trades of it are to be had, and the tiers do not tell which is right")
    warm, cold = held.warm, held.cold
    if warm is not None and warm == cold and says_the_same(warm, right):
        return Judgement(Deed.NOTHING, warm)
    if cold is None and warm is not None and says_the_same(warm, right) and warm.origin == right.origin:
        return Judgement(Deed.TO_COLD, warm)
    if (
        warm is None
        and occupied is None
        and cold is not None
        and says_the_same(cold, right)
        and cold.origin == right.origin
    ):
        return Judgement(Deed.TO_WARM, cold)
    revision = max([candle.revision for candle in held.words] + [occupied or 0]) + 1
    if revision > LARGEST_REVISION:
        return Judgement(Deed.LEAVE, why=f"its revision is {revision - 1}, and no larger one can be published")
    now_ms = time.time_ns() // 1_000_000
    return Judgement(Deed.PUBLISH, msgspec.structs.replace(right, closed=True, revision=revision, published_at=now_ms))


def says_the_same(one: Candle, other: Candle) -> bool:
    """Tell whether they say the same of the market, ids included."""
    return all(getattr(one, name) == getattr(other, name) for name in _FACTS)


def best_of(held: Held, neighbours: Mapping[int, Candle], *, is_cold_proven: bool) -> Candle | None:
    """Without its trades: the one that is possible at all and chains, else what two of three tiers say, else the lake's
    if its files are what they were when they came.
    """
    words = [candle for candle in held.words if is_sane(candle) and _chains(candle, neighbours)]
    is_foreign = held.cold is None and not any(is_chained(word, neighbours) for word in words)
    if not words or is_foreign:  # what the lake never had, and nothing goes on from, is of another symbol or time
        return None
    kinds = _distinct(words)
    if len(kinds) == 1:
        return kinds[0]
    said = sorted(
        ((sum(says_the_same(kind, word) for word in words), -n) for n, kind in enumerate(kinds)), reverse=True
    )
    if said[0][0] > said[1][0]:
        return kinds[-said[0][1]]
    return held.cold if is_cold_proven and held.cold in words else None


def _distinct(words: Sequence[Candle]) -> list[Candle]:
    found: list[Candle] = []
    for word in words:
        if not any(says_the_same(word, one) for one in found):
            found.append(word)
    return found


def is_sane(candle: Candle) -> bool:
    """Tell whether a minute can be so."""
    first, last = candle.first_trade_id, candle.last_trade_id
    prices = (candle.open, candle.close)
    amounts = (candle.volume, candle.quote_volume, candle.taker_buy_volume, candle.taker_buy_quote_volume)
    return (
        candle.close_time == candle.open_time + MINUTE_MS - 1
        and candle.open_time % MINUTE_MS == 0
        and 0 < candle.low <= min(prices)
        and max(prices) <= candle.high
        and min(amounts) >= 0
        and candle.taker_buy_volume <= candle.volume
        and candle.taker_buy_quote_volume <= candle.quote_volume
        and _is_worth(candle)
        and (candle.trade_count > 0) == (candle.volume > 0)
        and (first is None or last is None or candle.trade_count <= last - first + 1)
    )


def _is_worth(candle: Candle) -> bool:
    """What was paid lies between the lowest and the highest price, but for the last digit of each trade."""
    slack = EXACT.multiply(EIGHT_PLACES, Decimal(max(1, candle.trade_count)))
    least = EXACT.subtract(EXACT.multiply(candle.low, candle.volume), slack)
    most = EXACT.add(EXACT.multiply(candle.high, candle.volume), slack)
    return least <= candle.quote_volume <= most


def is_chained(candle: Candle, neighbours: Mapping[int, Candle]) -> bool:
    """Tell whether there is a neighbour beyond doubt that it chains with, and none that it does not."""
    sides = (candle.open_time - MINUTE_MS, candle.open_time + MINUTE_MS)
    return any(at in neighbours for at in sides) and _chains(candle, neighbours)


def _chains(candle: Candle, neighbours: Mapping[int, Candle]) -> bool:
    """With those before and after it that are beyond doubt, as far as there are any."""
    if candle.first_trade_id is None or candle.last_trade_id is None:
        return True
    before = neighbours.get(candle.open_time - MINUTE_MS)
    after = neighbours.get(candle.open_time + MINUTE_MS)
    return all(
        end is None or begin is None or begin == end + 1
        for end, begin in (
            (before.last_trade_id if before else None, candle.first_trade_id),
            (candle.last_trade_id, after.first_trade_id if after else None),
        )
    )


def beyond_doubt(rows: Iterable[Held], doubtful: Iterable[int]) -> dict[int, Candle]:
    """By open time those that are the same in warm and cold, or in one of them only, and that nobody doubts."""
    doubted = set(doubtful)
    found: dict[int, Candle] = {}
    for held in rows:
        word = held.warm or held.cold
        if word is not None and word.open_time not in doubted:
            found[word.open_time] = word
    return found
