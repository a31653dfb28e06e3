import pytest

from wickstream.exchange.sequencing.clock import ExchangeClock

NOW_MS = 1_723_161_600_000


def synced(*, now_s: float = 100.0) -> ExchangeClock:
    clock = ExchangeClock()
    clock.sync(NOW_MS, now_s=now_s)
    return clock


def test_between_two_looks_the_process_clock_measures_what_has_passed() -> None:
    clock = synced()

    assert clock.now_ms(now_s=100.0) == NOW_MS
    assert clock.now_ms(now_s=101.5) == NOW_MS + 1_500
    assert clock.age_s(now_s=101.5) == 1.5


def test_an_event_cannot_lie_in_the_future_so_it_pushes_the_clock_on() -> None:
    clock = synced()

    clock.correct(NOW_MS + 300, now_s=100.0)

    assert clock.now_ms(now_s=101.0) == NOW_MS + 1_300


def test_an_old_event_does_not_set_the_clock_back() -> None:
    clock = synced()

    clock.correct(NOW_MS - 300, now_s=100.0)

    assert clock.now_ms(now_s=100.0) == NOW_MS


def test_an_event_far_ahead_is_not_believed() -> None:
    clock = synced()

    clock.correct(NOW_MS + 5_000, now_s=100.0)

    assert clock.now_ms(now_s=100.0) == NOW_MS


def test_a_new_look_may_set_the_clock_back() -> None:
    clock = synced()

    clock.sync(NOW_MS - 60_000, now_s=100.0)

    assert clock.now_ms(now_s=100.0) == NOW_MS - 60_000


@pytest.mark.parametrize(
    ("ahead_ms", "sane"), [(0, True), (4_999, True), (5_000, False), (-3_599_999, True), (-3_600_000, False)]
)
def test_a_sane_time_is_less_than_an_hour_old_and_less_than_five_seconds_ahead(
    ahead_ms: int,
    sane: bool,  # noqa: FBT001
) -> None:
    assert synced().is_sane(NOW_MS + ahead_ms, now_s=100.0) is sane
