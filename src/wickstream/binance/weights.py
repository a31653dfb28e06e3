"""What each REST question weighs, of the 6,000 that an address has in a minute, and how much it may ask for. Pure."""

from urllib.parse import parse_qs

PAGE = 1_000  # the most one answer holds, of trades or klines
OF_ALL = 80  # `/ticker/24hr` of more than 100 symbols
WEIGHTS = {
    "/api/v3/ping": 1,
    "/api/v3/time": 1,
    "/api/v3/exchangeInfo": 20,
    "/api/v3/trades": 25,
    "/api/v3/historicalTrades": 25,
    "/api/v3/aggTrades": 4,
    "/api/v3/klines": 2,
    "/api/v3/uiKlines": 2,
    "/api/v3/avgPrice": 2,
    "/api/v3/depth": 5,
    "/api/v3/ticker/24hr": OF_ALL,
    "/api/v3/ticker/price": 4,
    "/api/v3/ticker/bookTicker": 4,
}
_OF_ONE = {"/api/v3/ticker/price": 2, "/api/v3/ticker/bookTicker": 2}
_DAY = "/api/v3/ticker/24hr"


def day_weight(symbols: int) -> int:
    """Of `/ticker/24hr` for so many symbols by name."""
    return 2 if symbols <= 20 else 40 if symbols <= 100 else OF_ALL


def weight_of(path: str, query: str) -> int:
    """What a request weighs, by its path and raw query string; 1 for what is no endpoint."""
    if path == _DAY or path in _OF_ONE:
        asked = parse_qs(query, keep_blank_values=True)
        if "symbol" in asked:
            return _OF_ONE.get(path, day_weight(1))
        if path == _DAY and "symbols" in asked:
            return day_weight(asked["symbols"][0].count(",") + 1)
    return WEIGHTS.get(path, 1)
