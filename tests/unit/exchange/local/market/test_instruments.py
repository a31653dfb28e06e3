from hypothesis import given
from hypothesis import strategies as st

from wickstream.exchange.local.market.instruments import instruments

UNIT = 10**8


@given(st.integers(0, 2**63 - 1))
def test_pairs_have_names_prices_and_amounts_as_the_exchange_could_have(seed: int) -> None:
    pairs = instruments(1_100, seed=seed)  # the largest market, with those that do not trade

    assert len({pair.symbol for pair in pairs}) == 1_100
    assert [pair.symbol for pair in pairs[:2]] == ["BTCUSDT", "ETHUSDT"]
    for pair in pairs:
        assert pair.price >= 1_000 * pair.tick
        assert pair.price % pair.tick == 0
        assert UNIT % pair.tick == UNIT % pair.step == 0
        assert pair.tick * pair.step % UNIT == 0, "price × quantity has no more than 8 places"


def test_some_names_are_of_other_scripts() -> None:
    assert "币安人生USDT" in {pair.symbol for pair in instruments(20, seed=1)}


def test_a_pair_costs_the_same_in_a_larger_market() -> None:
    assert instruments(50, seed=3) == instruments(500, seed=3)[:50]
