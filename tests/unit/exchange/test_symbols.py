import pytest

from wickstream.errors import Mistake
from wickstream.exchange.symbols import require_listed

LISTED = ["ETHUSDT", "BTCUSDT", "BTCUSDC", "BNBUSDT"]


def test_symbols_that_are_listed_are_accepted() -> None:
    require_listed(["BTCUSDT", "ETHUSDT"], LISTED)


def test_an_unknown_symbol_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(Mistake, match=r"unknown symbol BTCUSD: did you mean .*BTCUSDT") as caught:
        require_listed(["ETHUSDT", "BTCUSD"], LISTED)

    assert "ETHUSDT:" not in str(caught.value)
    assert "TICKER_SYMBOLS" in str(caught.value)


def test_all_unknown_symbols_are_named_in_one_line() -> None:
    with pytest.raises(Mistake) as caught:
        require_listed(["BTCUSTD", "ETHUSTD"], LISTED)

    assert "BTCUSTD" in str(caught.value)
    assert "ETHUSTD" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(Mistake, match="no listed name is like it"):
        require_listed(["测试币456"], LISTED)
