import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.local.made_trades import trade
from wickstream.exchange.local.market.figures import NOTHING, Figures
from wickstream.exchange.local.market.tape import CapturedTape, RecordedTrade

SIZE = 1_500


def _market(kinds: Sequence[str | None]) -> list[RecordedTrade]:
    dice = random.Random(1)
    return [
        trade(
            number,
            1_000 + number // 3,
            price=f"{dice.randint(1, 999)}.{dice.randint(0, 99):02}",
            quantity=f"0.{dice.randint(1, 999):03}",
            buyer_is_maker=dice.random() < 0.5,
            kind=dice.choice(kinds),
        )
        for number in range(SIZE)
    ]


MARKETS = {
    "spot": _market([None]),
    "futures": _market(["MARKET", "MARKET", "MARKET", "NA"]),
    "few that count": _market(["MARKET"] + 400 * ["NA"]),
}
TAPES = {name: CapturedTape("BTCUSDT", trades) for name, trades in MARKETS.items()}


@pytest.mark.parametrize("name", MARKETS)
@given(st.integers(0, SIZE), st.integers(0, SIZE))
def test_figures_of_any_stretch_are_those_of_its_trades(name: str, one: int, other: int) -> None:
    start, stop = sorted((one, other))

    assert TAPES[name].figures(start, stop) == _by_hand(MARKETS[name][start:stop])


def _by_hand(trades: list[RecordedTrade]) -> Figures:
    rows = [
        (int(one.price.replace(".", "")), int(one.quantity.replace(".", "")), one.buyer_is_maker)
        for one in trades
        if one.counts
    ]
    if not rows:
        return NOTHING
    return Figures(
        trades=len(rows),
        volume=sum(quantity for _, quantity, _ in rows),
        quote=sum(price * quantity for price, quantity, _ in rows),
        taker_volume=sum(quantity for _, quantity, maker in rows if not maker),
        taker_quote=sum(price * quantity for price, quantity, maker in rows if not maker),
        high=max(price for price, _, _ in rows),
        low=min(price for price, _, _ in rows),
    )
