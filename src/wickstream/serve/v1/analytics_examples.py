"""What OpenAPI shows of the analytics routes of alerts and single trades."""

from typing import Any

from wickstream.events import AlertType
from wickstream.serve.v1.examples import answer, list_of, or_as

_WHALE = {
    "alert_id": "whale:BTCUSDT:3735694820",
    "type": "whale",
    "symbol": "BTCUSDT",
    "at": 1723161659917,
    "value": "1203055.99500000",
    "threshold": "100000.00000000",
    "facts": {
        "trade_id": 3735694820,
        "price": "64231.50000000",
        "quantity": "18.73000000",
        "side": "buy",
        "quote_value": "1203055.9950000000000000",
        "quote_asset": "USDT",
        "usd_per_quote": "1",
    },
    "late": False,
    "final": True,
    "revision": 0,
    "trade_count": 1,
}
_SWEEP = _WHALE | {
    "alert_id": "sweep:BTCUSDT:3735694812",
    "type": "sweep",
    "value": "312841.90580000",
    "facts": {
        "first_trade_id": 3735694812,
        "last_trade_id": 3735694820,
        "trades": 9,
        "side": "sell",
        "quantity": "4.87200000",
        "quote_value": "312841.9058000000000000",
        "quote_asset": "USDT",
        "usd_per_quote": "1",
        "vwap": "64212.21383415",
        "first_price": "64231.50000000",
        "last_price": "64198.00000000",
        "price_moved_pct": "-0.0522",
    },
    "trade_count": 9,
}
_VOLUME_SPIKE = _WHALE | {
    "alert_id": "volume_spike:BTCUSDT:1723161600000",
    "type": "volume_spike",
    "at": 1723161600000,
    "value": "2102488.19833370",
    "threshold": "1000000.00000000",
    "facts": {
        "quote_volume": "2102488.19833370",
        "quote_asset": "USDT",
        "usd_per_quote": "1",
        "taker_buy_quote_volume": "961883.27770980",
        "trades": 1824,
        "close": "61631.79000000",
        "change_pct": "-0.0879",
    },
    "trade_count": 1824,
}
_PRICE_SPIKE = _VOLUME_SPIKE | {
    "alert_id": "price_spike:BTCUSDT:1723161600000",
    "type": "price_spike",
    "value": "2.4102",
    "threshold": "2",
    "facts": {
        "open": "64231.50000000",
        "high": "64240.00000000",
        "low": "62683.40000000",
        "close": "62900.10000000",
        "direction": "down",
        "change_pct": "-2.0728",
        "quote_volume": "2102488.19833370",
        "trades": 1824,
    },
}


def _alerts(row: dict[str, Any]) -> dict[str, Any]:
    return answer("Alerts, newest first.", list_of(row, "warm"))


def _of_all_types() -> dict[str, Any]:
    shown = _alerts(_WHALE)
    row = shown["content"]["application/json"]["schema"]["properties"]["data"]["items"]
    row["properties"]["facts"] = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
    return shown


ALERTS = _of_all_types()
ALERTS_OF = {
    AlertType.WHALE: _alerts(_WHALE),
    AlertType.SWEEP: _alerts(_SWEEP),
    AlertType.VOLUME_SPIKE: _alerts(_VOLUME_SPIKE),
    AlertType.PRICE_SPIKE: _alerts(_PRICE_SPIKE),
}

_TRADE = {
    "symbol": "BTCUSDT",
    "trade_id": 3735694820,
    "price": "61631.79000000",
    "quantity": "0.00146000",
    "quote_quantity": "89.9824134000",
    "traded_at": 1723161659917,
    "buyer_is_maker": True,
    "counts": True,
}

TRADES = or_as(
    answer(
        "Trades in the order of their ids.",
        list_of(_TRADE, "lane", missing=[[3735694801, 3735694803]], next_cursor="Dg3GrzhpHEyRzwAAAADeqgbi"),
    ),
    *("text/csv", ",".join(_TRADE) + "\n"),
)
