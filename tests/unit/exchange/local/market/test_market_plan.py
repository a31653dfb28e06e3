import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.errors import Mistake
from wickstream.exchange.local.market.market_plan import MarketPlan, parse_market

plans = st.builds(
    MarketPlan,
    symbols=st.integers(1, 1_000),
    rate=st.integers(1, 200_000),
    seed=st.integers(0, 2**63 - 1),
    seconds=st.none() | st.integers(1, 31 * 86_400),
)


@given(plans)
def test_what_is_written_is_read_back(plan: MarketPlan) -> None:
    assert parse_market(plan.text) == plan


@given(plans, plans)
def test_each_plan_has_a_name_of_its_own(one: MarketPlan, other: MarketPlan) -> None:
    assert (one.digest == other.digest) == (one == other)


def test_what_is_left_out_has_a_default() -> None:
    assert parse_market("rate=50, seed=7") == MarketPlan(rate=50, seed=7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("symbols=0", "symbols is a whole number from 1 to 1000"),
        ("rate=fast", "rate is a whole number"),
        ("rate=-1", "rate is a whole number"),
        ("rate=1,rate=2", "each once"),
        ("speed=1", "speed=1 is not one of symbols, rate, seed, seconds"),
        ("500", "500 is not one of"),
    ],
)
def test_what_is_wrong_with_it_is_said(text: str, words: str) -> None:
    with pytest.raises(Mistake, match=words):
        parse_market(text)
