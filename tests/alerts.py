"""Alerts for tests."""

from decimal import Decimal
from typing import Any

import msgspec

from wickstream.events import Alert, AlertType

AT_MS = 1_723_212_202_517  # 2024-08-09 14:03:22.517 UTC


def whale(number: int = 1, symbol: str = "BTCUSDT", **fields: Any) -> Alert:
    """A trade of 18.73 BTC."""
    alert = Alert(
        alert_id=f"whale:{symbol}:{number}",
        type=AlertType.WHALE,
        symbol=symbol,
        at=AT_MS,
        value=Decimal("1203055.995"),
        threshold=Decimal(100_000),
        facts={
            "trade_id": number,
            "price": "64231.50000000",
            "quantity": "18.73000000",
            "side": "buy",
            "quote_value": "1203055.9950000000000000",
            "quote_asset": "USDT",
            "usd_per_quote": "1",
        },
        late=False,
        final=True,
        revision=0,
        trade_count=1,
    )
    return msgspec.structs.replace(alert, **fields)


def price_spike(symbol: str = "BTCUSDT", **fields: Any) -> Alert:
    """A minute that fell by 2.41 % and goes on."""
    open_time = AT_MS // 60_000 * 60_000
    alert = Alert(
        alert_id=f"price_spike:{symbol}:{open_time}",
        type=AlertType.PRICE_SPIKE,
        symbol=symbol,
        at=open_time,
        value=Decimal("2.4102"),
        threshold=Decimal(2),
        facts={
            "open": "64231.50000000",
            "high": "64240.00000000",
            "low": "62683.40000000",
            "close": "62900.10000000",
            "direction": "down",
            "change_pct": "-2.0728",
            "quote_volume": "2102488.19833370",
            "trades": 912,
        },
        late=False,
        final=False,
        revision=0,
        trade_count=912,
    )
    return msgspec.structs.replace(alert, **fields)
