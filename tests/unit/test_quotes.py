"""What a symbol is quoted in, and what that is worth."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.quotes import USD_LIKES, quote_asset, usd_per


@pytest.mark.parametrize(
    ("symbol", "asset"),
    [
        ("BTCUSDT", "USDT"), ("ETHBTC", "BTC"), ("BNBFDUSD", "FDUSD"), ("USDTTRY", "TRY"), ("USDCUSDT", "USDT"),
        ("BTCEURI", "EURI"), ("1000SATSUSDT", "USDT"), ("币安人生USDT", "USDT"), ("BTCUSDT_250926", "USDT"),
        ("BTCUSD1", "USD1"), ("BTC", None), ("USDT", None), ("ABCXYZ", None), ("", None),
    ],
)  # fmt: skip
def test_the_quote_asset_is_the_longest_known_one_that_ends_the_name(symbol: str, asset: str | None) -> None:
    assert quote_asset(symbol) == asset


def test_of_any_pair_of_known_assets_the_second_is_found() -> None:
    assert {quote_asset(base + quote) for base in ("SOL", "DOT", "PEPE") for quote in USD_LIKES} == set(USD_LIKES)


@pytest.mark.parametrize("asset", USD_LIKES)
def test_what_is_like_a_dollar_is_one_whatever_it_trades_at(asset: str) -> None:
    assert usd_per(asset, {f"{asset}USDT": Decimal("0.97")}) == 1


@pytest.mark.parametrize(
    ("asset", "prices", "usd"),
    [
        ("BTC", {"BTCUSDT": "64000.1", "BTCTRY": "2100000", "USDTTRY": "33"}, "64000.1"),
        ("TRY", {"USDTTRY": "33", "BTCTRY": "1"}, "0.0303030303"),
        ("EUR", {"BTCUSDT": "66000", "BTCEUR": "60000"}, "1.1"),
        ("IDR", {"USDTIDR": "16333"}, "0.0000612257"),
        ("BTC", {"BTCUSDT": "0", "BTCFDUSD": "64001"}, "64001"),
    ],
)
def test_other_assets_are_converted_directly_or_the_other_way_round_or_over_a_third(
    asset: str, prices: dict[str, str], usd: str
) -> None:
    assert usd_per(asset, {symbol: Decimal(price) for symbol, price in prices.items()}) == Decimal(usd)


@pytest.mark.parametrize("prices", [{}, {"BTCUSDT": "64000"}, {"BTCEUR": "60000"}, {"EURUSDT": "0"},
                                    {"USDTEUR": "99999999999"}, {"EURUSDT": "10000000000"}])  # fmt: skip
def test_no_price_no_rate(prices: dict[str, str]) -> None:
    assert usd_per("EUR", {symbol: Decimal(price) for symbol, price in prices.items()}) is None


@given(st.dictionaries(
    st.sampled_from(["EURUSDT", "USDTEUR", "BTCUSDT", "BTCEUR", "BNBEUR", "BNBUSDC"]),
    st.decimals(0, "99999999999", places=8),
))  # fmt: skip
def test_a_rate_is_positive_and_fits_into_ten_digits_and_ten_decimals(prices: dict[str, Decimal]) -> None:
    rate = usd_per("EUR", prices)
    assert rate is None or (0 < rate < 10**10 and rate.as_tuple().exponent == -10)
