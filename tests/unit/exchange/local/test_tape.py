import random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.local.made_trades import trade
from wickstream.exchange.local.tape import NOTHING, Figures, RecordedTrade, Tape


def _market(seed: int, size: int) -> list[RecordedTrade]:
    dice = random.Random(seed)
    return [
        trade(
            number,
            1_000 + number // 3,
            price=f"{dice.randint(1, 999)}.{dice.randint(0, 99):02}",
            quantity=f"0.{dice.randint(1, 999):03}",
            buyer_is_maker=dice.random() < 0.5,
            kind=dice.choice(["MARKET", "MARKET", "MARKET", "NA"]),
        )
        for number in range(size)
    ]


TRADES = _market(seed=1, size=1_500)
TAPE = Tape("BTCUSDT", TRADES)


@given(st.integers(0, 1_500), st.integers(0, 1_500))
def test_figures_of_any_stretch_are_those_of_its_trades(one: int, other: int) -> None:
    start, stop = sorted((one, other))

    assert TAPE.figures(start, stop) == _by_hand(TRADES[start:stop])


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


def test_a_tape_writes_at_least_the_places_of_its_market() -> None:
    tape = Tape("A", [trade(1, 1, price="5", quantity="0.25")], places=8)

    assert (tape.prices[0], tape.quantities[0]) == (500_000_000, 25_000_000)


def test_neighbours_of_one_time_price_and_side_are_one_aggregate() -> None:
    tape = Tape(
        "A",
        [
            trade(1, 10),
            trade(2, 10),
            trade(3, 10, price="100.01"),
            trade(4, 10, price="100.01", buyer_is_maker=True),
            trade(5, 11, price="100.01", buyer_is_maker=True),
        ],
    )

    assert list(tape.groups) == [0, 2, 3, 4]
