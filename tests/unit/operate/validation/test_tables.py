"""The form of the tables."""

from wickstream.operate.validation.tables import TABLES, table_faults

GOOD = {
    "candles": dict.fromkeys(
        ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume"),
        "numeric",
    )
    | dict.fromkeys(("open_time", "close_time", "trade_count", "first_trade_id", "last_trade_id"), "bigint")
    | {"symbol": "text", "interval": "text", "origin": "text", "closed": "boolean", "revision": "integer"}
    | {"published_at": "bigint", "added_later": "text"},
    "marks": dict.fromkeys(("open_time", "first_trade_id", "last_trade_id", "trade_count", "next_trade_id"), "bigint")
    | {"symbol": "text", "id_sum": "numeric", "id_hash": "bigint", "close": "numeric"},
    "gaps": dict.fromkeys(("first_trade_id", "last_trade_id", "open_time", "detected_at"), "bigint")
    | dict.fromkeys(("symbol", "status", "filled_by", "evidence"), "text"),
    "alerts": dict.fromkeys(("alert_id", "type", "symbol"), "text")
    | {"at": "bigint", "value": "numeric", "threshold": "numeric", "facts": "jsonb", "late": "boolean"}
    | {"final": "boolean", "revision": "integer", "trade_count": "bigint"},
    "symbol_events": dict.fromkeys(("symbol", "author", "status", "chosen_by", "shard"), "text")
    | {"since": "bigint", "chosen": "boolean", "next_trade_id": "bigint"},
}
GOOD["candle_revisions"] = GOOD["candles"]


def test_tables_with_our_fields_pass_and_may_have_more() -> None:
    assert set(GOOD) == set(TABLES)
    assert list(table_faults(GOOD)) == []


def test_what_is_missing_or_of_another_type_is_named() -> None:
    spoilt = {name: dict(columns) for name, columns in GOOD.items() if name != "alerts"}
    del spoilt["gaps"]["status"]
    spoilt["candles"] |= {"open": "double precision", "closed": "text"}
    assert sorted(fault.what for fault in table_faults(spoilt)) == [
        "candles.closed is of type text",
        "candles.open is of type double precision",
        "gaps has no column status",
        "there is no table alerts",
    ]
