"""The nemesis does what the seed says."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.prove.plan import LONGEST_PAUSE_S, VICTIMS, kills


@given(seed=st.integers(0, 2**32), count=st.integers(1, 120))
def test_a_seed_is_a_plan_that_spares_nobody_and_hits_nobody_twice_in_a_row(seed: int, count: int) -> None:
    plan = kills(seed, count)
    assert plan == kills(seed, count)
    assert [kill.number for kill in plan] == list(range(count))
    hits = Counter(kill.victim for kill in plan)
    assert all(count // len(VICTIMS) <= hits[victim] <= -(-count // len(VICTIMS)) for victim in VICTIMS)
    assert all(a.victim != b.victim for a, b in pairwise(plan))
    assert all(0 <= kill.pause_s <= LONGEST_PAUSE_S for kill in plan)
    assert not plan[0].is_together


def test_other_seeds_are_other_plans() -> None:
    assert len({kills(seed, 20) for seed in range(50)}) == 50
