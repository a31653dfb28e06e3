"""What a mark should say, by candles that prove themselves."""

import msgspec
import pytest

from tests.candles import minute
from tests.proven_candles import mark_of
from wickstream.candle import Candle
from wickstream.operate.restoring.marks import proven_marks

ROWS = {candle.open_time: candle for candle in (minute(number=number) for number in range(3))}
BEFORE, MIDDLE, AFTER = ROWS.values()


def test_a_candle_that_chains_with_its_neighbours_says_what_its_mark_should() -> None:
    assert list(proven_marks(ROWS, [MIDDLE.open_time])) == [mark_of(MIDDLE)]


def test_a_quiet_minute_has_the_mark_of_an_empty_run() -> None:
    first = BEFORE.last_trade_id or 0
    quiet = msgspec.structs.replace(MIDDLE, first_trade_id=first + 1, last_trade_id=first, trade_count=0)
    after = msgspec.structs.replace(AFTER, first_trade_id=first + 1)
    rows = {candle.open_time: candle for candle in (BEFORE, quiet, after)}
    assert list(proven_marks(rows, [quiet.open_time])) == [mark_of(quiet)]


@pytest.mark.parametrize(
    "candle",
    [
        msgspec.structs.replace(MIDDLE, first_trade_id=(MIDDLE.first_trade_id or 0) - 1),
        msgspec.structs.replace(MIDDLE, trade_count=9),
        msgspec.structs.replace(MIDDLE, first_trade_id=None, last_trade_id=None),
        None,
    ],
    ids=["breaks the chain", "an id lacks", "without ids", "none"],
)
def test_what_does_not_prove_itself_proves_no_mark(candle: Candle | None) -> None:
    rows = ROWS | ({MIDDLE.open_time: candle} if candle else {})
    if candle is None:
        rows = {at: one for at, one in ROWS.items() if at != MIDDLE.open_time}
    assert list(proven_marks(rows, [MIDDLE.open_time])) == []
