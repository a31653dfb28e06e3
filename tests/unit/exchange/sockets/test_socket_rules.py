import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.exchange.sockets.socket_rules import DAY_S, HOUR_S, SocketRules, until_rotation_s

LIFE_S = 23 * HOUR_S


@given(st.floats(0, 4e9), st.floats(LIFE_S, 23.9 * HOUR_S), st.integers(0, 23))
def test_a_connection_ends_in_the_chosen_hour_and_in_time(opened_s: float, life_s: float, hour: int) -> None:
    lives_s = until_rotation_s(opened_s, life_s=life_s, hour=hour)

    assert 0 < lives_s <= life_s
    into_hour_s = (opened_s + lives_s - hour * HOUR_S) % DAY_S
    assert into_hour_s <= HOUR_S + 1e-3 or into_hour_s > DAY_S - 1e-3


def test_a_connection_opened_in_its_hour_lasts_until_its_end_or_the_next_days() -> None:
    assert until_rotation_s(3 * HOUR_S, life_s=LIFE_S, hour=3) == HOUR_S
    assert until_rotation_s(4 * HOUR_S, life_s=LIFE_S, hour=3) == LIFE_S
    assert until_rotation_s(12 * HOUR_S, life_s=LIFE_S, hour=3) == 16 * HOUR_S


def test_a_life_too_short_for_the_hour_is_lived_to_its_end() -> None:
    assert until_rotation_s(12 * HOUR_S, life_s=60, hour=3) == 60


def test_without_an_hour_lives_differ_and_stay_below_what_the_exchange_allows() -> None:
    lives_s = {SocketRules().life_of(opened_epoch_s=0) for _ in range(100)}

    assert len(lives_s) > 50
    assert min(lives_s) >= LIFE_S
    assert max(lives_s) < 24 * HOUR_S - 600


def test_more_streams_than_the_exchange_takes_are_no_rule() -> None:
    with pytest.raises(ValueError, match="streams"):
        SocketRules(streams_per_socket=1_025)
