"""A judge that cannot condemn proves nothing: every kind of difference is found."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.chaos.published import Seen
from tests.chaos.truth import Moment, Row, minute_of
from tests.chaos.verdict import Verdict, judge
from tests.id_hash import id_hash
from tests.sample_market import MIDNIGHT_MS, a_candle
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark
from wickstream.store.cold.trades import IdRange

SYMBOL = "BTCUSDT"
STEP_MS = 20_000
ROWS: list[Row] = [(n, MIDNIGHT_MS - STEP_MS + n * STEP_MS, "1.0", "2.0", True) for n in range(11)]
BEGIN, CUT = (Moment(at_ms, {SYMBOL: newest}, frozenset({SYMBOL})) for at_ms, newest in ((0, 0), (ROWS[-1][1], 10)))
HOLE = (5, 6)  # within the second whole minute, which begins with 4


class Traded:
    def trades(self, symbol: str, first_id: int, last_id: int) -> dict[int, Row]:
        return {row[0]: row for row in ROWS if first_id <= row[0] <= last_id}

    def differs(self, candle: Candle) -> bool:
        return candle.volume != 4


class Stored:
    def __init__(self, *spans: IdRange) -> None:
        self._spans = list(spans)

    def ranges(self, symbol: str, first_id: int, last_id: int) -> list[IdRange]:
        return self._spans


def mark_of(minute_ms: int) -> Mark:
    ids = [row[0] for row in ROWS if minute_of(row) == minute_ms]
    return Mark(SYMBOL, minute_ms, ids[0], ids[-1], len(ids), sum(ids), id_hash(ids), Decimal(1), ids[-1] + 1)


def all_of_it() -> Seen:
    seen = Seen()
    seen.trades[SYMBOL] = list(ROWS)
    seen.marks[SYMBOL] = {at_ms: mark_of(at_ms) for at_ms in range(MIDNIGHT_MS, CUT.at_ms, MINUTE_MS)}
    return seen


def without_hole(*, status: GapStatus = GapStatus.REPAIRED, volume: str = "4") -> Seen:
    """As after a segment break, and what came of it."""
    seen = all_of_it()
    seen.trades[SYMBOL] = [row for row in ROWS if not HOLE[0] <= row[0] <= HOLE[1]]
    minute = MIDNIGHT_MS + MINUTE_MS
    del seen.marks[SYMBOL][minute]
    seen.gaps[SYMBOL, HOLE[0], None] = Gap(SYMBOL, *HOLE, None, 0, status)
    seen.candles[SYMBOL, minute] = _counting(3, a_candle(1), volume)
    return seen


def _counting(count: int, candle: Candle, volume: str) -> Candle:
    fields = {name: getattr(candle, name) for name in Candle.__struct_fields__}
    return Candle(**(fields | {"trade_count": count, "volume": Decimal(volume), "revision": 1}))


def verdict_on(seen: Seen, *archived: IdRange) -> Verdict:
    return judge(seen, Traded(), BEGIN, CUT, Stored(*archived))


def test_what_is_whole_or_repaired_is_found_exact() -> None:
    assert str(verdict_on(all_of_it())) == ""
    assert str(verdict_on(without_hole(), HOLE)) == ""


def doubled(seen: Seen) -> None:
    seen.trades[SYMBOL].insert(4, ROWS[3])


def altered(seen: Seen) -> None:
    seen.trades[SYMBOL][4] = (4, ROWS[4][1], "1.1", "2.0", True)


def begun_too_late(seen: Seen) -> None:
    del seen.trades[SYMBOL][:2]


def never_traded(seen: Seen) -> None:
    seen.trades[SYMBOL].insert(0, (-1, ROWS[0][1], "1.0", "2.0", True))


def marked_short(seen: Seen) -> None:
    mark = seen.marks[SYMBOL][MIDNIGHT_MS]
    seen.marks[SYMBOL][MIDNIGHT_MS] = Mark(SYMBOL, mark.open_time, 1, 2, 2, 3, id_hash([1, 2]), mark.close, 4)


def called_absent(seen: Seen) -> None:
    seen.gaps[SYMBOL, 3, None] = Gap(SYMBOL, 3, 3, None, 0, GapStatus.ABSENT)


def called_missing(seen: Seen) -> None:
    seen.gaps[SYMBOL, 3, None] = Gap(SYMBOL, 3, 3, None, 0, GapStatus.OPEN)


def called_repaired(seen: Seen) -> None:
    seen.gaps[SYMBOL, 3, None] = Gap(SYMBOL, 3, 3, None, 0, GapStatus.REPAIRED)


@pytest.mark.parametrize(
    "harm",
    [doubled, altered, begun_too_late, never_traded, marked_short, called_absent, called_missing, called_repaired],
)
def test_what_no_time_heals_is_wrong(harm: Callable[[Seen], None]) -> None:
    seen = all_of_it()
    harm(seen)
    assert verdict_on(seen).wrong


def test_a_repaired_candle_that_is_not_the_exchange_s_is_wrong() -> None:
    assert verdict_on(without_hole(volume="5"), HOLE).wrong


def lost(seen: Seen) -> None:
    del seen.trades[SYMBOL][7]


def unmarked(seen: Seen) -> None:
    del seen.marks[SYMBOL][MIDNIGHT_MS]


@pytest.mark.parametrize("harm", [lost, unmarked])
def test_what_may_still_come_is_lacking(harm: Callable[[Seen], None]) -> None:
    seen = all_of_it()
    harm(seen)
    assert verdict_on(seen).lacking


@pytest.mark.parametrize(
    ("seen", "archived"),
    [(without_hole(), ()), (without_hole(status=GapStatus.OPEN), (HOLE,)), (without_hole(), ((5, 5),))],
    ids=["not archived", "not told of", "one id is not archived"],
)
def test_a_hole_is_lacking_until_it_is_archived_and_told_of(seen: Seen, archived: tuple[IdRange, ...]) -> None:
    assert verdict_on(seen, *archived).lacking
