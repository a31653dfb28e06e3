import asyncio
import uuid

import pytest

from tests.conftest import free_port_base
from tests.unit.serve.front.fake_leases import FakeLeases
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.hot.hour import PREFIX, open_client
from wickstream.store.hot.leases import Lease, Leases

pytestmark = pytest.mark.stack


async def lend(settings: Settings, name: str, *questions: tuple[int, str, int, int]) -> list[Lease]:
    leases = Leases(settings)
    try:
        return [
            await leases.ask(name, limit=10, wanted=wanted, known=known, owed=owed, used=used)
            for wanted, known, owed, used in questions
        ]
    finally:
        await leases.aclose()


@pytest.fixture
def name() -> str:
    return f"test:{uuid.uuid4().hex}"


def test_a_block_is_granted_as_far_as_the_limit_goes(redis: Settings, name: str) -> None:
    first, second, third = asyncio.run(lend(redis, name, (6, "", 0, 0), (6, "", 0, 0), (6, "", 0, 0)))
    assert [(lease.granted, lease.used) for lease in (first, second, third)] == [(6, 6), (4, 10), (0, 10)]
    assert first.window == second.window == third.window
    assert 0 < third.left_ms <= first.left_ms <= 60_000


def test_it_goes_away_by_itself(redis: Settings, name: str) -> None:
    asyncio.run(lend(redis, name, (1, "", 0, 0)))
    assert 0 < int(open_client(redis).pttl(f"{PREFIX}limit:{name}")) <= 60_000


def test_it_counts_as_the_one_in_memory_that_other_tests_use(redis: Settings, name: str) -> None:
    (first,) = asyncio.run(lend(redis, name, (3, "", 2, 0)))
    known = asyncio.run(lend(redis, name, (2, first.window, 1, 5), (2, "another", 0, 9)))
    fake = FakeLeases()
    faked = [fake.lend("v", limit=10, wanted=3, known="", owed=2, used=0)]
    faked.append(fake.lend("v", limit=10, wanted=2, known=faked[0].window, owed=1, used=5))
    faked.append(fake.lend("v", limit=10, wanted=2, known="another", owed=0, used=9))
    assert [(lease.granted, lease.used) for lease in (first, *known)] == [
        (lease.granted, lease.used) for lease in faked
    ]


def test_without_redis_it_says_so(redis: Settings, name: str) -> None:
    with pytest.raises(StoreBusy, match="Redis"):
        asyncio.run(lend(redis.model_copy(update={"redis_port": free_port_base()}), name, (1, "", 0, 0)))
