import asyncio

import pytest

from tests.unit.serve.front.fake_leases import FakeLeases
from wickstream.serve.front import limits as module
from wickstream.serve.front.limits import Limits, Standing


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def leases(clock: Clock) -> FakeLeases:
    return FakeLeases(clock)


@pytest.fixture
def limits(leases: FakeLeases, clock: Clock) -> Limits:
    return Limits(leases, workers=1, clock=clock)


async def take(limits: Limits, times: int, *, limit: int = 100, cost: int = 1) -> list[bool]:
    return [(await limits.take("visitor", limit=limit, cost=cost)).accepted for _ in range(times)]


def test_the_limit_is_exact_and_most_requests_ask_nobody(limits: Limits, leases: FakeLeases) -> None:
    assert asyncio.run(take(limits, 130)) == [True] * 100 + [False] * 30
    assert leases.asked < 50


def test_a_minute_later_there_is_as_much_again(limits: Limits, clock: Clock) -> None:
    assert asyncio.run(take(limits, 101))[-1] is False
    clock.now_s += 60
    assert asyncio.run(take(limits, 101)) == [True] * 100 + [False]


def test_it_says_what_is_used_and_for_how_long(limits: Limits, clock: Clock) -> None:
    async def two_requests() -> list[Standing]:
        first = await limits.take("visitor", limit=6_000, cost=40)
        clock.now_s += 12.5
        return [first, await limits.take("visitor", limit=6_000, cost=2)]

    assert asyncio.run(two_requests()) == [
        Standing(accepted=True, limit=6_000, used=40, left_s=60.0),
        Standing(accepted=True, limit=6_000, used=42, left_s=47.5),
    ]


def test_what_costs_more_than_the_limit_takes_nothing_of_it(limits: Limits) -> None:
    async def dear_then_cheap() -> list[bool]:
        return await take(limits, 3, limit=10, cost=20) + await take(limits, 11, limit=10)

    assert asyncio.run(dear_then_cheap()) == [False] * 3 + [True] * 10 + [False]


def test_while_redis_is_away_a_worker_keeps_to_its_share(leases: FakeLeases, clock: Clock) -> None:
    leases.is_away = True
    limits = Limits(leases, workers=4, clock=clock)
    assert sum(asyncio.run(take(limits, 50))) == 25
    assert leases.asked == 1  # for a second it is not asked again


def test_what_was_accepted_meanwhile_is_counted_when_redis_is_back(leases: FakeLeases, clock: Clock) -> None:
    one, other = (Limits(leases, workers=2, clock=clock) for _ in range(2))
    leases.is_away = True
    assert sum(asyncio.run(take(one, 30))) == 30
    leases.is_away = False
    clock.now_s += 1
    assert sum(asyncio.run(take(one, 1))) == 1
    assert sum(asyncio.run(take(other, 100))) == 69 - held_by(one)


def held_by(limits: Limits) -> int:
    return limits._windows["visitor"].held


def test_a_request_that_is_given_up_takes_the_answer_from_nobody(leases: FakeLeases, limits: Limits) -> None:
    async def give_up_one_of_two() -> bool:
        leases.gate = asyncio.Event()
        first, second = (asyncio.create_task(take(limits, 1)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        leases.gate.set()
        return (await second)[0]

    assert asyncio.run(give_up_one_of_two())
    assert leases.asked == 1


def test_nobody_waits_long_for_an_answer_that_counts_when_it_comes(
    leases: FakeLeases, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)

    async def ask_a_slow_one() -> list[bool]:
        leases.gate = asyncio.Event()
        before = await take(limits, 60)
        leases.gate.set()
        await limits.aclose()  # waits for what was asked
        return before + await take(limits, 60)

    assert sum(asyncio.run(ask_a_slow_one())) == 100


def test_the_memory_of_visitors_is_bounded(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WINDOWS", 10)

    async def many_visitors() -> None:
        for number in range(1_000):
            await limits.take(f"192.0.2.{number}", limit=100, cost=1)

    asyncio.run(many_visitors())
    assert len(limits._windows) == 10


def test_who_has_no_limit_is_counted_all_the_same(limits: Limits, leases: FakeLeases) -> None:
    standings = [limits.note("here", limit=10, cost=4) for _ in range(4)]
    assert [(standing.accepted, standing.used) for standing in standings] == [
        (True, 4),
        (True, 8),
        (True, 12),
        (True, 16),
    ]
    assert leases.asked == 0


def test_who_takes_what_is_held_waits_for_nobody_and_the_limit_stays_exact(limits: Limits, leases: FakeLeases) -> None:
    async def take_all() -> tuple[int, int]:
        at_once = waited = 0
        for _ in range(1_500):
            held = limits.take_held("visitor", limit=1_000, cost=1)
            at_once += held is not None
            if held is None:
                waited += (await limits.take("visitor", limit=1_000, cost=1)).accepted
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await limits.aclose()
        return at_once, waited

    at_once, waited = asyncio.run(take_all())
    assert at_once + waited == 1_000
    assert waited < 20
    assert leases.asked < 100


def test_nothing_is_leased_ahead_while_redis_is_away(limits: Limits, leases: FakeLeases) -> None:
    async def take_some() -> int:
        await limits.take("visitor", limit=1_000, cost=1)
        leases.is_away = True
        for _ in range(110):
            limits.take_held("visitor", limit=1_000, cost=1)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return leases.asked

    assert asyncio.run(take_some()) == 2
