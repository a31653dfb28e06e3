from tests.unit.exchange.local.made_trades import trade
from wickstream.exchange.local.market.tape import CapturedTape


def test_a_tape_writes_at_least_the_places_of_its_market() -> None:
    tape = CapturedTape("A", [trade(1, 1, price="5", quantity="0.25")], places=8)

    assert (tape.prices[0], tape.quantities[0]) == (500_000_000, 25_000_000)


def test_neighbours_of_one_time_price_and_side_are_one_aggregate() -> None:
    tape = CapturedTape(
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
