"""Many who ask cost one read."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from wickstream.errors import StoreBusy
from wickstream.store.series.held import Held


def counted(*, busy_times: int = 0) -> Callable[[], Awaitable[int]]:
    """A read that gives how often it was asked."""
    times = count(1)

    async def read() -> int:
        number = next(times)
        await asyncio.sleep(0)
        if number <= busy_times:
            raise StoreBusy("away")
        return number

    return read


def test_all_who_ask_meanwhile_get_the_answer_of_one_read() -> None:
    async def ask() -> list[int]:
        held = Held(1_000, counted())
        return [*await asyncio.gather(*(held.get() for _ in range(9))), await held.get()]

    assert asyncio.run(ask()) == [1] * 10


def test_an_answer_is_read_again_when_its_time_is_over() -> None:
    async def ask() -> list[int]:
        held = Held(0, counted())
        return [await held.get() for _ in range(3)]

    assert asyncio.run(ask()) == [1, 2, 3]


def test_what_fails_is_not_held() -> None:
    async def ask() -> int:
        held = Held(1_000, counted(busy_times=1))
        with pytest.raises(StoreBusy):
            await held.get()
        return await held.get()

    assert asyncio.run(ask()) == 2


def test_who_goes_away_while_it_is_read_holds_nobody_up() -> None:
    async def ask() -> int:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def read() -> int:
            begun.set()
            await may_end.wait()
            return 1

        held = Held(1_000, read)
        first = asyncio.create_task(held.get())
        await begun.wait()
        first.cancel()
        may_end.set()
        return await held.get()

    assert asyncio.run(ask()) == 1
