"""Symbols come and go while a session runs."""

import asyncio
from collections.abc import Callable

import pytest

from tests.unit.exchange.made_exchange import OTHER, SYMBOL, on_virtual_time, until
from tests.unit.exchange.session_stage import Stage, published, session, trade
from wickstream.bus import topics
from wickstream.bus.producer import ProducerBroken
from wickstream.events import GapStatus
from wickstream.exchange.sessions.tail import STARTED, STOPPED


def test_a_symbol_that_is_added_begins_and_those_that_were_there_flow_on() -> None:
    async def scene() -> None:
        stage = Stage()
        async with session(stage):
            trade(stage, 1)
            await until(published(stage, range(2)))
            stage.registry.choose(SYMBOL, OTHER)
            await until(lambda: stage.streams.followed == (SYMBOL, OTHER))
            trade(stage, 1, 2, symbol=OTHER)  # before its start is settled
            trade(stage, 2)
            await until(published(stage, range(3)))
            await until(published(stage, range(3), OTHER))

        assert [event.status for event in stage.kafka.events(OTHER)] == [STARTED]
        assert stage.kafka.of(topics.DEAD_LETTERS) == []
        assert stage.kafka.gaps(OTHER) == []

    on_virtual_time(scene)


def test_what_happens_to_a_symbol_while_it_is_not_followed_is_no_gap() -> None:
    async def scene() -> None:
        stage = Stage(SYMBOL, OTHER)
        async with session(stage):
            trade(stage, 1, 2, symbol=OTHER)
            await until(published(stage, range(3), OTHER))
            stage.registry.choose(SYMBOL)
            await until(lambda: stage.streams.followed == (SYMBOL,))
            trade(stage, 3, symbol=OTHER)  # was on its way
            await asyncio.sleep(1)
            stopped = stage.kafka.events(OTHER)[-1]
            assert (stopped.status, stopped.chosen, stopped.next_trade_id) == (STOPPED, False, 3)

            trade(stage, *range(4, 8), symbol=OTHER, on_sockets=False)
            await asyncio.sleep(300)
            stage.registry.choose(SYMBOL, OTHER)
            await until(lambda: stage.streams.followed == (SYMBOL, OTHER))
            trade(stage, 8, 9, symbol=OTHER)
            await until(lambda: stage.kafka.ids(OTHER)[-1] == 9)

        assert stage.kafka.ids(OTHER) == [0, 1, 2, 7, 8, 9]
        assert stage.kafka.gaps(OTHER) == []
        assert stage.kafka.of(topics.DEAD_LETTERS) == []

    on_virtual_time(scene)


def test_what_came_before_a_symbol_was_dropped_is_published() -> None:
    async def scene() -> None:
        stage = Stage(SYMBOL, OTHER)
        async with session(stage):
            await until(published(stage, range(1), OTHER))
            trade(stage, 1, 2, symbol=OTHER)
            stage.registry.choose(SYMBOL)
            await until(lambda: stage.streams.followed == (SYMBOL,))

        assert stage.kafka.ids(OTHER) == [0, 1, 2]
        stopped = stage.kafka.events(OTHER)[-1]
        assert (stopped.status, stopped.next_trade_id) == (STOPPED, 3)

    on_virtual_time(scene)


async def broken_by(stage: Stage, act: Callable[[], None]) -> None:
    """A session that cannot publish what this leads to."""
    async with session(stage) as log:
        await until(published(stage, range(1), OTHER))
        await asyncio.sleep(1)
        log.failures.append(ProducerBroken("away", fenced=False))
        act()
        await asyncio.sleep(1)


def test_so_is_what_waited_for_kafka_while_the_symbol_was_dropped() -> None:
    async def scene() -> None:
        stage = Stage(SYMBOL, OTHER)
        with pytest.raises(ProducerBroken):
            await broken_by(stage, lambda: trade(stage, 1, 2, symbol=OTHER))
        stage.registry.choose(SYMBOL)
        async with session(stage):
            await until(lambda: stage.streams.followed == (SYMBOL,))

        assert stage.kafka.ids(OTHER) == [0, 1, 2]
        assert stage.kafka.events(OTHER)[-1].status == STOPPED

    on_virtual_time(scene)


def test_a_symbol_whose_stop_could_not_be_told_is_stopped_by_the_next_session() -> None:
    async def scene() -> None:
        stage = Stage(SYMBOL, OTHER)
        with pytest.raises(ProducerBroken):
            await broken_by(stage, lambda: stage.registry.choose(SYMBOL))
        async with session(stage):
            await until(lambda: stage.kafka.events(OTHER)[-1].status == STOPPED)

    on_virtual_time(scene)


def test_what_is_missing_of_a_symbol_when_it_is_dropped_is_left_to_repair() -> None:
    async def scene() -> None:
        stage = Stage(SYMBOL, OTHER)
        async with session(stage):
            await until(published(stage, range(1), OTHER))
            trade(stage, 1, 2, symbol=OTHER, on_sockets=False)
            trade(stage, 3, symbol=OTHER)
            stage.registry.choose(SYMBOL)
            await until(lambda: stage.streams.followed == (SYMBOL,))

        (gap,) = stage.kafka.gaps(OTHER)
        assert (gap.status, gap.first_trade_id, gap.last_trade_id) == (GapStatus.OPEN, 1, 2)
        assert stage.kafka.ids(OTHER) == [0, 3]
        assert stage.kafka.events(OTHER)[-1].next_trade_id == 4

    on_virtual_time(scene)


def test_a_symbol_that_is_added_again_at_once_is_not_published_twice() -> None:
    async def scene() -> None:
        stage = Stage(SYMBOL, OTHER)
        async with session(stage):
            trade(stage, *range(1, 10), symbol=OTHER)
            await until(published(stage, range(10), OTHER))
            for chosen in ((SYMBOL,), (SYMBOL, OTHER)):
                stage.registry.choose(*chosen)
                await asyncio.sleep(1)
            trade(stage, 10, symbol=OTHER)
            await until(lambda: stage.kafka.ids(OTHER)[-1] == 10)

        assert stage.kafka.ids(OTHER) == list(range(11))

    on_virtual_time(scene)
