from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.rest import RestTicker, SymbolInfo
from wickstream.exchange.symbols.ranking import pick, prices_of_assets, volumes_in_one_unit
from wickstream.selection import Rule

Row = tuple[str, str, str, str]  # base, quote, last price, quote volume

MARKET: Sequence[Row] = (
    ("BTC", "USDT", "50000", "1000000"),
    ("ETH", "USDT", "2000", "900000"),
    ("ETH", "BTC", "0.04", "30"),  # 1,500,000 USDT
    ("USDT", "TRY", "40", "80000000"),  # 2,000,000 USDT
    ("BTC", "TRY", "2000000", "4000000"),  # 100,000 USDT
    ("XYZ", "QQQ", "1", "99999999999"),  # of an asset without a price
)


def listing_of(rows: Sequence[Row], **statuses: str) -> dict[str, SymbolInfo]:
    names = [(base + quote, base, quote) for base, quote, *_ in rows]
    return {name: SymbolInfo(name, statuses.get(name, "TRADING"), base, quote) for name, base, quote in names}


def tickers_of(rows: Sequence[Row]) -> dict[str, RestTicker]:
    return {
        base + quote: RestTicker(base + quote, 1, 1, 1, Decimal(price), Decimal(volume))
        for base, quote, price, volume in rows
    }


LISTING, TICKERS = listing_of(MARKET), tickers_of(MARKET)


def picked(word: Rule, *followed: str) -> set[str]:
    return set(pick(word, LISTING, TICKERS, followed=followed))


def test_volumes_of_different_quote_assets_are_compared_in_one_unit() -> None:
    volumes = volumes_in_one_unit(LISTING, TICKERS)

    assert {symbol: int(volume) for symbol, volume in volumes.items()} == {
        "BTCUSDT": 1_000_000,
        "ETHUSDT": 900_000,
        "ETHBTC": 1_500_000,
        "USDTTRY": 2_000_000,
        "BTCTRY": 100_000,
    }


def test_an_asset_is_priced_over_others_where_there_is_no_direct_way() -> None:
    rows = [("BTC", "USDT", "50000", "1"), ("ABC", "BTC", "0.001", "1"), ("ABC", "DEF", "10", "1")]

    prices = prices_of_assets(listing_of(rows), tickers_of(rows))

    assert (prices["ABC"], prices["DEF"]) == (Decimal(50), Decimal(5))


def test_the_price_of_a_symbol_that_does_not_trade_counts_for_nothing() -> None:
    rows = [("BTC", "USDT", "50000", "1"), ("BTC", "BUSD", "1", "1")]

    assert "BUSD" not in prices_of_assets(listing_of(rows, BTCBUSD="BREAK"), tickers_of(rows))


@pytest.mark.parametrize("price", ["0", "NaN", "Infinity"])
def test_a_price_that_is_none_harms_nobody(price: str) -> None:
    rows = [("BTC", "USDT", price, price), ("ETH", "USDT", "2000", "7")]

    assert volumes_in_one_unit(listing_of(rows), tickers_of(rows))["ETHUSDT"] == 7


def test_the_rules() -> None:
    assert picked(Rule()) == set(LISTING)
    assert picked(Rule(quote="USDT")) == {"BTCUSDT", "ETHUSDT"}
    assert picked(Rule(top=2)) == {"USDTTRY", "ETHBTC"}
    assert picked(Rule(quote="USDT", top=1)) == {"BTCUSDT"}
    assert picked(Rule(quote="XXX")) == set()
    assert picked(Rule(top=100)) == set(LISTING)


def test_only_what_is_in_spot_trading_is_chosen() -> None:
    listing = listing_of(MARKET, BTCUSDT="BREAK")
    listing["ETHUSDT"].is_spot = False

    assert pick(Rule(quote="USDT"), listing, TICKERS, followed=()) == set()


def test_a_halt_is_no_reason_to_lose_a_place() -> None:
    listing = listing_of(MARKET, BTCUSDT="HALT")

    assert pick(Rule(quote="USDT", top=1), listing, TICKERS, followed=["BTCUSDT"]) == {"BTCUSDT"}


def test_who_is_followed_keeps_the_place_until_another_has_a_fifth_more() -> None:
    assert picked(Rule(quote="USDT", top=1), "ETHUSDT") == {"ETHUSDT"}  # 1,000,000 against 900,000
    assert picked(Rule(top=1), "ETHBTC") == {"USDTTRY"}  # 2,000,000 against 1,500,000


ASSETS = st.sampled_from(("BTC", "ETH", "USDT", "TRY", "ABC", "DEF"))
AMOUNTS = st.integers(0, 10**6).map(str)
ROWS = st.lists(st.tuples(ASSETS, ASSETS, AMOUNTS, AMOUNTS), unique_by=lambda row: row[:2])
STATUSES = st.sampled_from(("TRADING", "HALT", "BREAK", "CANCEL_ONLY", "END_OF_DAY"))


@given(ROWS, st.data(), st.none() | st.integers(1, 5), st.none() | st.just("USDT"))
def test_a_rule_takes_the_largest_of_those_it_may_take(
    rows: list[Row], data: st.DataObject, top: int | None, quote: str | None
) -> None:
    listing = listing_of(rows)
    for info in listing.values():
        info.status = data.draw(STATUSES)
    chosen = pick(Rule(quote, top), listing, tickers_of(rows), followed=())
    able = {name for name, info in listing.items() if info.status == "TRADING" and quote in (None, info.quote_asset)}
    volumes = volumes_in_one_unit(listing, tickers_of(rows))

    assert chosen <= able
    assert len(chosen) == min(len(able), top or len(able))
    assert not chosen or all(
        volumes.get(left, 0) <= min(volumes.get(name, Decimal(0)) for name in chosen) for left in able - chosen
    )
