import asyncio
from threading import Event

import pytest

from wickstream.errors import StoreBusy
from wickstream.store.series.slow_reads import MOST_WAITING, SlowReads


def test_who_comes_when_too_many_wait_is_told_to_come_later() -> None:
    async def crowd() -> list[object]:
        reads, go_on = SlowReads("answers"), Event()
        asked = [asyncio.create_task(reads.take(go_on.wait)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(StoreBusy, match=f"{MOST_WAITING} answers are waited for"):
            await reads.take(go_on.wait)
        go_on.set()
        return list(await asyncio.gather(*asked))

    assert asyncio.run(crowd()) == [True] * MOST_WAITING


def test_what_one_who_was_cancelled_began_is_ended_before_the_next_begins() -> None:
    begun, go_on, order = Event(), Event(), []

    def first() -> None:
        begun.set()
        go_on.wait()
        order.append("first")

    async def one_leaves() -> None:
        reads = SlowReads("answers")
        leaving = asyncio.create_task(reads.take(first))
        await asyncio.to_thread(begun.wait)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        staying = asyncio.create_task(reads.take(lambda: order.append("second")))
        await asyncio.sleep(0)
        go_on.set()
        await staying

    asyncio.run(one_leaves())
    assert order == ["first", "second"]
