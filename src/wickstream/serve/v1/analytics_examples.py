"""What OpenAPI shows of the analytics routes of alerts and single trades."""

from wickstream.serve.v1.examples import answer, list_of

_ALERT = {
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
        "quote_value": "1203055.9950000000000000",
        "quote_asset": "USDT",
        "usd_per_quote": "1",
        "side": "buy",
    },
    "late": False,
    "final": True,
    "revision": 0,
    "trade_count": 1,
}

ALERTS = answer("Alerts, newest first.", list_of(_ALERT, "warm"))

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

TRADES = answer(
    "Trades in the order of their ids.",
    list_of(_TRADE, "lane", missing=[[3735694801, 3735694803]], next_cursor="Dg3GrzhpHEyRzwAAAADeqgbi"),
)
