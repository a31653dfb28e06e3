from hypothesis import given
from hypothesis import strategies as st

from tests.unit.serve.front.fake_leases import FakeLeases
from wickstream.serve.front.windows import LARGEST_BLOCK, Window

WORKERS = 4
limits = st.integers(WORKERS, 2_000)
turns = st.lists(st.integers(0, WORKERS - 1), max_size=600)


def windows(limit: int) -> list[Window]:
    return [Window(limit, WORKERS, ends_at=60.0) for _ in range(WORKERS)]


def lend(window: Window, leases: FakeLeases, cost: int) -> None:
    owed, window.waiting = window.owed, cost
    lease = leases.lend(
        "visitor",
        limit=window.limit,
        wanted=window.wanted,
        known=window.id,
        owed=owed,
        used=window.used,
    )
    window.waiting = 0
    window.take(granted=lease.granted, used=lease.used, window=lease.window, ends_at=60.0, told=owed)


def accepts(window: Window, leases: FakeLeases, cost: int = 1) -> bool:
    if window.spend(cost):
        return True
    if leases.is_away:
        return window.spend_alone(cost)
    if not window.is_given_away:
        lend(window, leases, cost)
    return window.spend(cost)


@given(limits, st.lists(st.tuples(st.integers(0, WORKERS - 1), st.integers(1, 80)), max_size=600))
def test_all_workers_together_accept_no_more_than_the_limit(limit: int, requests: list[tuple[int, int]]) -> None:
    all_windows, leases = windows(limit), FakeLeases()
    accepted = sum(cost for worker, cost in requests if accepts(all_windows[worker], leases, cost))
    assert accepted == sum(window.spent for window in all_windows)
    assert accepted <= limit


@given(limits)
def test_one_client_at_one_worker_gets_all_of_its_limit(limit: int) -> None:
    window, leases = Window(limit, WORKERS, ends_at=60.0), FakeLeases()
    assert sum(accepts(window, leases) for _ in range(limit + 50)) == limit


@given(limits, st.integers(0, 2_400))
def test_spread_over_the_workers_almost_all_of_it_is_given(limit: int, first: int) -> None:
    all_windows, leases = windows(limit), FakeLeases()
    accepted = sum(accepts(all_windows[(first + turn) % WORKERS], leases) for turn in range(2 * limit))
    assert accepted == limit


@given(limits, turns)
def test_without_the_common_count_each_worker_keeps_its_share(limit: int, requests: list[int]) -> None:
    all_windows, leases = windows(limit), FakeLeases(is_away=True)
    accepted = [sum(accepts(all_windows[worker], leases) for worker in requests if worker == i) for i in range(WORKERS)]
    assert all(count <= limit // WORKERS for count in accepted)


@given(limit=st.integers(100, 2_000), before=st.integers(0, 600), comes_back_empty=st.booleans())
def test_losing_the_common_count_midway_opens_nothing(limit: int, before: int, *, comes_back_empty: bool) -> None:
    all_windows, leases = windows(limit), FakeLeases()
    accepted = sum(accepts(all_windows[turn % WORKERS], leases) for turn in range(before))
    leases.is_away = True
    accepted += sum(accepts(all_windows[turn % WORKERS], leases) for turn in range(limit // 2))
    leases.is_away = False
    if comes_back_empty:
        leases.lose_memory()
    accepted += sum(accepts(all_windows[turn % WORKERS], leases) for turn in range(2 * limit))
    # An empty count knows what those who have asked again knew: the newest blocks may be given twice.
    assert accepted <= limit * 1.01 + (limit // 5 if comes_back_empty else 0)


def test_blocks_shrink_with_what_is_left() -> None:
    window = Window(6_000, WORKERS, ends_at=60.0)
    blocks = [window.wanted]
    for used in (3_000, 5_000, 5_900, 5_990):
        window.used = used
        blocks.append(window.wanted)
    assert blocks == [187, 93, 31, 3, 1]
    window.waiting = 40
    assert window.wanted == 40
    assert Window(10**6, WORKERS, ends_at=60.0).wanted == LARGEST_BLOCK


def test_a_block_runs_low_when_half_of_it_is_left_and_there_is_more_to_be_had() -> None:
    window = Window(800, 1, ends_at=60.0)
    window.take(granted=100, used=100, window="w", ends_at=60.0, told=0)
    assert [window.spend(10) and window.is_low for _ in range(8)] == [False] * 5 + [True] * 3
    window.used = 800
    assert not window.is_low
