"""What OpenAPI shows of the routes about what is written down."""

from wickstream.serve.v1.examples import answer, list_of

GAP_ROW = {
    "symbol": "BTCUSDT",
    "status": "repaired",
    "first_trade_id": 3735692997,
    "last_trade_id": 3735694820,
    "ids": 1824,
    "open_time": None,
    "detected_at": 1723161660101,
    "filled_by": "rest",
    "evidence": "not filled within 60 s; left to repair",
}

_HOUR_ROW = {
    "symbol": "BTCUSDT",
    "open_time": 1723158000000,
    "minutes": 60,
    "complete": 57,
    "repaired": 2,
    "quiet": 1,
    "halted": 0,
    "missing": 0,
    "unproven": 0,
}

_SYMBOL_ROW = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "followed": True,
    "followed_since": 1723075199000,
    "chosen_by": "list",
    "shard": "0/1",
    "oldest_candle": 1723075260000,
    "newest_candle": 1723161600000,
    "history": [
        {
            "since": 1723075199000,
            "author": "exchange",
            "status": "TRADING",
            "followed": True,
            "chosen_by": "list",
        }
    ],
}

GAPS = answer("Entries, the newest first.", list_of(GAP_ROW, "warm"))
INTEGRITY = answer("One row per symbol and hour.", list_of(_HOUR_ROW, "warm", start=1723075260000, end=1723161600000))
SYMBOLS = answer("One row per symbol, by name.", list_of(_SYMBOL_ROW, "warm"))
