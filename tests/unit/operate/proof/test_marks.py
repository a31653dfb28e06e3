"""Marks and the candles they closed."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.candles import MIDNIGHT_MS
from tests.id_hash import id_hash
from wickstream.events import Mark
from wickstream.operate.proof.marks import mark_faults
from wickstream.store.ledger.bookkeeping import Held
from wickstream.store.warm.audit_reads import MarkedMinute

IDS = range(100, 110)
CLOSE = Decimal("61837.63")
MARK = Mark("BTCUSDT", MIDNIGHT_MS, 100, 109, 10, sum(IDS), id_hash(IDS), CLOSE, 110)
QUIET = Mark("BTCUSDT", MIDNIGHT_MS, 110, 109, 0, 0, 0, CLOSE, 110)
SETTLED_MS = MIDNIGHT_MS + 600_000


def told(mark: Mark, held: Held | None, *, close: Decimal = CLOSE, written_at: int | None = None) -> list[str]:
    found = mark_faults([MarkedMinute(mark, written_at, close, held)], settled_ms=SETTLED_MS)
    return [fault.what for fault in found]


def candle_of(mark: Mark, **changed: Any) -> Held:
    same = Held(True, 0, mark.trade_count, mark.first_trade_id, mark.last_trade_id)  # noqa: FBT003
    return same._replace(**changed)


@pytest.mark.parametrize("mark", [MARK, QUIET])
def test_a_mark_and_its_candle_say_the_same(mark: Mark) -> None:
    assert told(mark, candle_of(mark)) == []


@pytest.mark.parametrize(
    "edit",
    [
        {"first_trade_id": 99}, {"last_trade_id": 110}, {"trade_count": 9}, {"id_sum": 1_046}, {"id_hash": 7},
        {"close": CLOSE + 1}, {"next_trade_id": 109},
    ],
)  # fmt: skip
def test_an_edited_mark_is_told_of_whatever_was_edited(edit: dict[str, Any]) -> None:
    assert len(told(msgspec.structs.replace(MARK, **edit), candle_of(MARK))) == 1


@pytest.mark.parametrize(
    "edit", [{"trade_count": 9}, {"first_trade_id": 101}, {"last_trade_id": None}, {"closed": False}]
)
def test_an_edited_candle_is_told_of(edit: dict[str, Any]) -> None:
    assert len(told(MARK, candle_of(MARK, **edit))) == 1


def test_ids_with_one_between_them_that_was_never_there_are_right_and_their_hash_is_not_judged() -> None:
    mark = msgspec.structs.replace(MARK, trade_count=9, id_sum=sum(IDS) - 105)
    assert told(mark, candle_of(mark)) == []


def test_a_repair_may_know_of_more_trades_than_the_mark() -> None:
    assert told(MARK, candle_of(MARK, revision=1, trade_count=11, last_trade_id=110), close=CLOSE + 1) == []


def test_a_candle_that_lacks_is_told_of_unless_it_may_be_on_its_way() -> None:
    assert told(MARK, None) == ["its mark tells of 10 trades of ids 100 to 109, and no candle of it is closed"]
    assert told(MARK, None, written_at=SETTLED_MS - 1) != []
    assert told(MARK, None, written_at=SETTLED_MS) == []
