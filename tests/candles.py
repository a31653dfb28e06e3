"""Candles for tests."""

from decimal import Decimal
from typing import Any

import msgspec

from wickstream.candle import Candle, Origin
from wickstream.events import MINUTE_MS

MIDNIGHT_MS = 1_723_161_600_000  # 2024-08-09 00:00 UTC


def minute(symbol: str = "BTCUSDT", number: int = 0, **fields: Any) -> Candle:
    """A closed 1-minute candle, `number` minutes after midnight, of ten trades with consecutive ids."""
    open_time = MIDNIGHT_MS + number * MINUTE_MS
    candle = Candle(
        symbol=symbol,
        interval="1m",
        open_time=open_time,
        close_time=open_time + MINUTE_MS - 1,
        open=Decimal("61837.63000000"),
        high=Decimal("61900.00000000"),
        low=Decimal("61800.00000000"),
        close=Decimal("61850.12000000"),
        volume=Decimal("12.34567891"),
        quote_volume=Decimal("763412.1234567890123456"),
        trade_count=10,
        taker_buy_volume=Decimal("5.00000001"),
        taker_buy_quote_volume=Decimal("309188.1500000000000001"),
        first_trade_id=1_000 + 10 * number,
        last_trade_id=1_009 + 10 * number,
        closed=True,
        revision=0,
        origin=Origin.TRADES,
        published_at=open_time + MINUTE_MS + 500,
    )
    return msgspec.structs.replace(candle, **fields)
