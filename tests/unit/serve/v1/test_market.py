from httpx import Client

BOARD = "/api/v1/market/realtime"


def test_a_symbol_shows_its_price_and_its_24_hours(client: Client) -> None:
    assert client.get(BOARD).json()["data"][0] == {
        "symbol": "BTCUSDT",
        "last_price": "102.50000000",
        "price_change": "2.50000000",
        "price_change_pct": "2.500",
        "high_price": "103.00000000",
        "low_price": "99.00000000",
        "volume": "40.00000000",
        "quote_volume": "4044.00000000",
        "trade_count": 600,
        "age_ms": 40,
    }


def test_a_symbol_nothing_was_heard_of_is_listed_with_nulls(client: Client) -> None:
    row = client.get(BOARD).json()["data"][1]
    assert row.pop("symbol") == "ETHUSDT"
    assert set(row.values()) == {None}


def test_the_board_is_complete_once_every_symbol_was_heard_of(client: Client) -> None:
    assert client.get(BOARD).json()["complete"] is False
