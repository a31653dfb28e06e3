"""Cases as the ledger gives them, and the exchange's klines of their minutes."""

from typing import Any

import msgspec

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle, Origin
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.store.ledger.bookkeeping import Kind
from wickstream.store.ledger.cases import Case

SYMBOL = "BTCUSDT"


def at(number: int) -> int:
    """Open time of that minute after midnight; its ids are 1000 + 10 × number and the nine after it."""
    return MIDNIGHT_MS + number * MINUTE_MS


def unclosed(number: int = 0, **fields: Any) -> Case:
    """A minute with a mark."""
    case = Case(
        kind=Kind.UNCLOSED,
        symbol=SYMBOL,
        first_open=at(number),
        last_open=at(number),
        mark=None,
        first_id=1_000 + 10 * number,
        last_id=1_009 + 10 * number,
        from_ms=at(number),
        until_ms=at(number) + 62_000,
        wanted=(at(number),),
        stored="marked with 10 trades, and there is no candle",
    )
    return msgspec.structs.replace(case, **fields)


def unmarked(first: int, last: int, **fields: Any) -> Case:
    """Minutes between two marks."""
    case = msgspec.structs.replace(
        unclosed(first),
        kind=Kind.UNMARKED,
        last_open=at(last),
        last_id=1_009 + 10 * last,
        until_ms=at(last) + 122_000,
        wanted=tuple(map(at, range(first, last + 1))),
        stored="no mark",
    )
    return msgspec.structs.replace(case, **fields)


def gap(first: int, last: int, status: GapStatus = GapStatus.OPEN) -> Gap:
    return Gap(SYMBOL, first, last, None, MIDNIGHT_MS, status, None, "why")


def kline(number: int, **fields: Any) -> Candle:
    """The exchange's own."""
    return minute(number=number, origin=Origin.EXCHANGE, first_trade_id=None, last_trade_id=None, **fields)
