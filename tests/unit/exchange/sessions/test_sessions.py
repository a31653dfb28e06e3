"""One session after the other, whatever ended the one before; all but after a twin."""

import asyncio
from collections.abc import Callable

import pytest

from tests.unit.exchange.made_exchange import on_virtual_time, until
from tests.unit.exchange.made_kafka import MadeLog
from tests.unit.exchange.session_stage import Stage, published, trade
from wickstream.bus.producer import ProducerBroken
from wickstream.errors import FeedLost, Fenced, StoreBusy
from wickstream.exchange.sessions.sessions import RETRY_S, TWIN_S, run_sessions

BROKEN, FENCED = (ProducerBroken("because", fenced=fenced) for fenced in (False, True))


class Logs:
    """One for each session; those that were opened, and what is done to the one that comes next."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.opened: list[MadeLog] = []
        self.opened_at_s: list[float] = []
        self.on_open: Callable[[MadeLog], None] = lambda _: None

    def open(self) -> MadeLog:
        log = self.stage.log()
        self.on_open(log)
        self.opened.append(log)
        self.opened_at_s.append(asyncio.get_running_loop().time())
        return log


async def one_that_publishes(stage: Stage) -> tuple[Logs, "asyncio.Task[None]"]:
    """The first session, under way."""
    logs = Logs(stage)
    running = asyncio.ensure_future(run_sessions(stage.parts, logs.open, stage.stop))
    trade(stage, 1)
    await until(published(stage, range(2)))
    return logs, running


async def end(stage: Stage, running: "asyncio.Task[None]") -> None:
    stage.end()
    await running


def test_after_a_producer_s_error_another_session_goes_on_and_nothing_is_lost_or_doubled() -> None:
    async def scene() -> None:
        stage = Stage()
        logs, running = await one_that_publishes(stage)
        for first in (2, 12, 22):
            logs.opened[-1].failures.append(BROKEN)
            trade(stage, *range(first, first + 10))
            await until(published(stage, range(first + 10)))
        await end(stage, running)

        assert len(logs.opened) == 4
        assert stage.steps.count("let go") == 4
        assert stage.kafka.gaps() == []

    on_virtual_time(scene)


def test_whoever_was_fenced_by_a_twin_stays_down() -> None:
    async def scene() -> None:
        stage = Stage()
        logs, running = await one_that_publishes(stage)
        logs.opened[0].failures.append(FENCED)
        logs.opened[0].twin = True
        trade(stage, 2)
        with pytest.raises(Fenced):
            await running

        assert len(logs.opened) == 1

    on_virtual_time(scene)


def test_whatever_broke_first_whoever_has_a_twin_stays_down() -> None:
    """A process that slept finds its own messages too old before the broker tells it that it was fenced."""

    async def scene() -> None:
        stage = Stage()
        logs, running = await one_that_publishes(stage)
        logs.opened[0].failures.append(BROKEN)
        logs.opened[0].twin = True
        trade(stage, 2)
        with pytest.raises(Fenced):
            await running

        assert len(logs.opened) == 1

    on_virtual_time(scene)


def test_one_that_could_not_take_over_tries_again_whoever_is_there() -> None:
    async def scene() -> None:
        stage = Stage()
        logs = Logs(stage)

        def fail(log: MadeLog) -> None:
            log.twin = True
            log.fails_to_fence = BROKEN if not logs.opened else None

        logs.on_open = fail
        running = asyncio.ensure_future(run_sessions(stage.parts, logs.open, stage.stop))
        trade(stage, 1)
        await until(published(stage, range(2)))
        await end(stage, running)

        assert len(logs.opened) == 2

    on_virtual_time(scene)


def test_whoever_was_fenced_by_its_own_timeout_goes_on_when_a_twin_would_have_shown_itself() -> None:
    async def scene() -> None:
        stage = Stage()
        logs, running = await one_that_publishes(stage)
        logs.opened[0].failures.append(FENCED)
        fenced_at_s = asyncio.get_running_loop().time()
        trade(stage, 2)
        await until(published(stage, range(3)))
        await end(stage, running)

        assert TWIN_S[0] < logs.opened_at_s[1] - fenced_at_s < TWIN_S[1] + 1

    on_virtual_time(scene)


def test_while_nobody_can_tell_a_twin_it_is_asked_again() -> None:
    async def scene() -> None:
        stage = Stage()
        logs, running = await one_that_publishes(stage)
        logs.opened[0].failures.append(FENCED)
        logs.opened[0].busy.extend(StoreBusy("Kafka does not answer") for _ in range(5))
        logs.opened[0].twin = True
        began_s = asyncio.get_running_loop().time()
        trade(stage, 2)
        with pytest.raises(Fenced):
            await running

        assert asyncio.get_running_loop().time() - began_s > TWIN_S[0] + 5 * RETRY_S

    on_virtual_time(scene)


def test_while_kafka_or_the_exchange_is_away_it_tries_again_and_again() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.exchange.failure = FeedLost("no answer")
        logs = Logs(stage)
        logs.on_open = lambda log: log.busy.append(StoreBusy("Kafka does not answer"))
        running = asyncio.ensure_future(run_sessions(stage.parts, logs.open, stage.stop))
        trade(stage, 1)
        await asyncio.sleep(20)
        stage.exchange.failure = None
        await asyncio.sleep(20)
        assert stage.kafka.ids() == []
        logs.on_open = lambda _: None
        await until(published(stage, range(2)))
        await end(stage, running)

        pauses = [later - earlier for earlier, later in zip(logs.opened_at_s, logs.opened_at_s[1:], strict=False)]
        assert 15 < len(pauses) < 22
        assert min(pauses) >= RETRY_S

    on_virtual_time(scene)


@pytest.mark.parametrize("failure", [BROKEN, FENCED], ids=["broken", "fenced"])
def test_told_to_stop_while_it_waits_it_stops_at_once(failure: ProducerBroken) -> None:
    async def scene() -> None:
        stage = Stage()
        logs, running = await one_that_publishes(stage)
        logs.opened[0].failures.append(failure)
        trade(stage, 2)
        await until(lambda: stage.steps[-1] == "let go")
        before_s = asyncio.get_running_loop().time()
        await end(stage, running)

        assert asyncio.get_running_loop().time() - before_s < 0.1
        assert len(logs.opened) == 1

    on_virtual_time(scene)
