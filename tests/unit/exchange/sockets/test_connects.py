from hypothesis import given
from hypothesis import strategies as st

from wickstream.exchange.sockets.connects import Backoff, Complaints, ConnectBudget

ALLOWED, WINDOW_S = 250, 300.0


def opened(budget: ConnectBudget, steps_s: list[float]) -> list[float]:
    """When connections are opened by someone who wants the next one so long after the last."""
    times, now_s = [], 0.0
    for step_s in steps_s:
        now_s += step_s
        while wait_s := budget.reserve(now_s=now_s):
            now_s += wait_s
        times.append(now_s)
    return times


@given(st.lists(st.floats(0, 400), max_size=60), st.integers(1, 10))
def test_no_window_ever_has_more_than_are_allowed(steps_s: list[float], allowed: int) -> None:
    times = opened(ConnectBudget(allowed=allowed, window_s=WINDOW_S), steps_s)

    assert all(later - first >= WINDOW_S for first, later in zip(times, times[allowed:], strict=False))


def test_500_disconnects_in_10_minutes_and_2_of_refusal_stay_below_what_the_exchange_allows() -> None:
    budget = ConnectBudget(allowed=ALLOWED, window_s=WINDOW_S)
    backoffs = [Backoff(first_s=0.25, cap_s=10.0, steady_s=30.0) for _ in range(8)]  # eight connections, all unlucky
    next_s = [0.0] * len(backoffs)
    times: list[float] = []
    while min(next_s) < 720:
        which = next_s.index(min(next_s))
        now_s = next_s[which]
        if wait_s := budget.reserve(now_s=now_s):
            next_s[which] += wait_s
            continue
        times.append(now_s)
        lives_s = 1.2 if now_s < 600 else 0.0
        next_s[which] += lives_s + backoffs[which].after(lives_s)

    assert len(times) > ALLOWED
    assert max(sum(0 <= time - first < WINDOW_S for time in times) for first in times) <= ALLOWED


def test_a_ban_holds_back_every_connection_for_its_time() -> None:
    budget = ConnectBudget(allowed=ALLOWED, window_s=WINDOW_S)
    budget.ban(120, now_s=10.0)

    assert budget.reserve(now_s=100.0) == 30.0
    assert budget.reserve(now_s=130.0) == 0.0


def test_waits_grow_to_the_cap_however_many_failures_there_are_in_a_row() -> None:
    backoff = Backoff(first_s=0.25, cap_s=10.0, steady_s=30.0)
    waits = [backoff.after(0.0) for _ in range(2_000)]

    assert all(wait <= 0.25 * 2 ** (number + 1) for number, wait in enumerate(waits[:5]))
    assert 9.0 < max(waits) <= 10.0
    assert min(waits[10:]) < 1.0  # jitter: not all clients at the same moment


def test_after_a_steady_life_there_is_no_wait_and_the_row_is_over() -> None:
    backoff = Backoff(first_s=0.25, cap_s=10.0, steady_s=30.0)
    for _ in range(20):
        backoff.after(0.0)

    assert backoff.after(30.0) == 0.0
    assert backoff.after(29.9) <= 0.5


def test_a_connection_is_renewed_for_silence_at_twice_the_age_each_time() -> None:
    complaints = Complaints(first_s=10.0, cap_s=300.0)
    ages_s = []
    for _ in range(8):
        age_s = 0.0
        while not complaints.allow(age_s=age_s):
            age_s += 1
        ages_s.append(age_s)

    assert ages_s == [10, 20, 40, 80, 160, 300, 300, 300]


def test_after_a_long_time_without_silence_the_next_one_is_taken_seriously_again() -> None:
    complaints = Complaints(first_s=10.0, cap_s=300.0)
    complaints.allow(age_s=10.0)

    assert complaints.allow(age_s=3_600.0)
    assert complaints.allow(age_s=10.0)
