"""What OpenAPI shows of the market routes: a minute after midnight of 9 August 2024, UTC."""

from wickstream.serve.v1.examples import answer, list_of

_BOARD_ROW = {
    "symbol": "BTCUSDT",
    "last_price": "61607.99000000",
    "price_change": "6210.01000000",
    "price_change_pct": "11.210",
    "high_price": "62745.14000000",
    "low_price": "54558.62000000",
    "volume": "40915.16000000",
    "quote_volume": "2387104554.11390000",
    "trade_count": 5320411,
    "age_ms": 41,
}

_HEALTH_ROW = {
    "symbol": "BTCUSDT",
    "status": "ok",
    "last_event_at": 1723161660147,
    "last_trade_at": 1723161660101,
    "age_ms": 41,
    "exchange_status": "TRADING",
}

_TOP_ROW = {
    "symbol": "BTCUSDT",
    "last_price": "61607.99000000",
    "price_change_pct": "-0.412",
    "trade_count": 98117,
    "quote_asset": "USDT",
    "quote_volume": "121640331.20471830",
    "usd_volume": "121640331.20",
}

_MOVE = {"symbol": "BTCUSDT", "last_price": "61607.99000000", "price_change_pct": "11.210"}

_SUMMARY = {
    "window": "24h",
    "basis": "tickers",
    "symbols": 1,
    "up": 1,
    "down": 0,
    "flat": 0,
    "trade_count": 5320411,
    "quote_volumes": [
        {"quote_asset": "USDT", "symbols": 1, "quote_volume": "2387104554.11390000", "trade_count": 5320411}
    ],
    "top_gainer": _MOVE,
    "top_loser": _MOVE,
    "stalest": _HEALTH_ROW,
    "as_of": 1723161660101,
    "lag_ms": 87,
    "complete": True,
    "sources": ["demo", "lane", "warm"],
}

_SPARKLINE = {
    "symbol": "BTCUSDT",
    "open_time": 1723161540000,
    "closes": ["61686.00000000", "61631.79000000"],
}

REALTIME = answer("One row per symbol.", list_of(_BOARD_ROW, "lane"))
SPARKLINES = answer("One row per symbol, by name.", list_of(_SPARKLINE, "hot", "lane", basis="candles"))
SUMMARY = answer("The whole market.", _SUMMARY)
TICKER_HEALTH = answer("One row per symbol, by name.", list_of(_HEALTH_ROW, "lane", "warm"))
TOP = answer("One row per symbol, the largest first.", list_of(_TOP_ROW, "hot", "lane", window="1h", basis="candles"))
