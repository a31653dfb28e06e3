from dataclasses import replace

from wickstream.exchange.sequencing.holes import Hole
from wickstream.exchange.sessions.patience import Patience

HOLE = Hole("BTCUSDT", 100, 104, 0.0, 0.0)


def asked_at(patience: Patience, hole: Hole, *, until_s: float) -> list[float]:
    times = []
    for tenth in range(int(until_s * 10)):
        now_s = tenth / 10
        if patience.allows(hole, now_s=now_s):
            patience.asked(hole, now_s=now_s)
            times.append(now_s)
    return times


def test_the_same_ids_are_asked_for_ever_less_often() -> None:
    assert asked_at(Patience(), HOLE, until_s=20) == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5]


def test_a_hole_of_which_something_came_is_asked_for_at_once() -> None:
    patience = Patience()
    asked_at(patience, HOLE, until_s=10)

    assert patience.allows(replace(HOLE, first=101), now_s=10.0)
    assert patience.allows(replace(HOLE, symbol="ETHUSDT"), now_s=10.0)


def test_a_hole_that_is_filled_is_forgotten() -> None:
    patience = Patience()
    asked_at(patience, HOLE, until_s=10)

    patience.keep_only([HOLE])
    assert not patience.allows(HOLE, now_s=10.0)

    patience.keep_only([])
    assert patience.allows(HOLE, now_s=10.0)
