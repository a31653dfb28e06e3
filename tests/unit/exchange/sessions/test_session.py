"""From one fence to the next, on a clock that jumps: what is published, in which order, whatever breaks."""

import asyncio

import pytest

from tests.unit.exchange.made_exchange import SYMBOL, on_virtual_time, ticker_frame, trade_frame, until
from tests.unit.exchange.session_stage import Stage, published, session, trade
from wickstream.bus.producer import ProducerBroken
from wickstream.errors import FeedLost, StoreBusy
from wickstream.events import Author
from wickstream.exchange.sessions.session import FRAMES_AT_ONCE, SEND_S, SUBSCRIBED_S
from wickstream.exchange.sessions.tail import STARTED

BROKEN = ProducerBroken("Kafka is away", fenced=False)


# Its order


def test_sockets_buffer_before_the_fence_the_tail_is_read_after_it_and_then_is_published() -> None:
    async def scene() -> None:
        stage = Stage()
        trade(stage, 7, on_sockets=False)
        async with session(stage):
            await until(lambda: "publish" in stage.steps)

        assert stage.steps[:4] == [f"follow {SYMBOL}", "fence", f"tails of {SYMBOL}", "publish"]
        assert stage.exchange.asked[0] == ("ticker/24hr", SYMBOL)
        assert stage.steps[-1] == "let go"

    on_virtual_time(scene)


def test_a_symbol_nobody_followed_begins_with_what_the_exchange_had_before_the_first_frame() -> None:
    async def scene() -> None:
        stage = Stage()
        trade(stage, 5, 6, 7, on_sockets=False)
        stage.exchange.starts_ms = 120_000
        async with session(stage):
            trade(stage, 8, 9)
            await until(published(stage, range(7, 10)))

        (event,) = stage.kafka.events()
        assert (event.author, event.status, event.chosen, event.next_trade_id) == (Author.CONNECTOR, STARTED, True, 7)

    on_virtual_time(scene)


def test_frames_that_came_while_the_predecessor_was_being_fenced_are_published_once() -> None:
    async def scene() -> None:
        stage = Stage()
        async with session(stage):
            trade(stage, 1, 2, 3)
            await until(published(stage, range(4)))
        trade(stage, 4, 5)  # the next one's sockets bring what the last one published, and what nobody did
        async with session(stage):
            trade(stage, 5, 6)
            await until(published(stage, range(7)))

        assert [event.next_trade_id for event in stage.kafka.events()] == [0]

    on_virtual_time(scene)


def test_what_a_dead_predecessor_missed_comes_from_rest_and_in_order() -> None:
    async def scene() -> None:
        stage = Stage()
        async with session(stage):
            trade(stage, 1, 2, 3)
            await until(published(stage, range(4)))
        trade(stage, *range(4, 50), on_sockets=False)
        async with session(stage):
            trade(stage, 50, 51)
            await until(published(stage, range(52)))

    on_virtual_time(scene)


def test_no_start_waits_long_for_streams_that_are_not_confirmed() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.streams.takes_s = 3_600.0
        async with session(stage):
            await until(lambda: "fence" in stage.steps, within_s=SUBSCRIBED_S + 0.1)

    on_virtual_time(scene)


# Where it breaks


@pytest.mark.parametrize("is_committed", [False, True])
def test_frames_of_a_transaction_that_failed_are_published_by_the_next_session_once(*, is_committed: bool) -> None:
    async def scene() -> None:
        stage = Stage()
        log = stage.log()

        async def until_it_breaks() -> None:
            async with session(stage, log):
                trade(stage, 1, 2, 3)
                await until(published(stage, range(4)))
                log.failures.append(BROKEN)
                log.is_committed = is_committed
                trade(stage, 4, 5)
                await until(lambda: not log.failures)
                trade(stage, 6)  # comes while the producer breaks
                await asyncio.sleep(1)

        with pytest.raises(ProducerBroken):
            await until_it_breaks()
        assert stage.kafka.ids() == list(range(6 if is_committed else 4))

        async with session(stage):
            await until(published(stage, range(7)))
        assert stage.exchange.times_asked("historicalTrades") <= 1  # of the cold start: nothing had to be fetched again

    on_virtual_time(scene)


def test_whatever_keeps_it_from_beginning_is_told_and_the_frames_are_kept() -> None:
    async def scene() -> None:
        stage = Stage()
        trade(stage, 1, 2, 3)
        stage.exchange.failure = FeedLost("no answer")
        with pytest.raises(FeedLost):
            async with session(stage):
                await asyncio.sleep(10)
        stage.exchange.failure = None
        log = stage.log()
        log.busy.append(StoreBusy("Kafka does not answer"))
        with pytest.raises(StoreBusy):
            async with session(stage, log):
                await asyncio.sleep(10)
        log = stage.log()
        log.fails_to_fence = BROKEN
        with pytest.raises(ProducerBroken):
            async with session(stage, log):
                await asyncio.sleep(10)
        assert stage.steps.count("let go") == 3

        async with session(stage):
            await until(published(stage, range(4)))

    on_virtual_time(scene)


def test_once_begun_another_session_needs_no_answer_from_the_exchange_to_go_on() -> None:
    async def scene() -> None:
        stage = Stage()
        async with session(stage):
            trade(stage, 1)
            await until(published(stage, range(2)))
        stage.exchange.failure = FeedLost("no answer")
        async with session(stage):
            trade(stage, 2)
            await until(published(stage, range(3)))

    on_virtual_time(scene)


def test_trades_are_sent_as_they_come_and_committed_together() -> None:
    async def scene() -> None:
        stage = Stage()
        log = stage.log()
        async with session(stage, log):
            trade(stage, 1)
            await until(published(stage, range(2)))
            await asyncio.sleep(1)
            for number in (2, 3):
                trade(stage, number)
                await asyncio.sleep(3 * SEND_S)
                assert sum(len(singles) for _, singles in log.sent) == number - 1
            assert stage.kafka.ids() == [0, 1]
            await until(published(stage, range(4)))
            assert len(stage.kafka.transactions[-1]) == 2

    on_virtual_time(scene)


# Its end


def test_what_has_come_by_then_is_published_before_it_ends() -> None:
    async def scene() -> None:
        stage = Stage()
        log = stage.log()
        async with session(stage, log):
            trade(stage, 1)
            await until(published(stage, range(2)))
            log.takes_s = 5.0
            for first in range(2, 2 * FRAMES_AT_ONCE, 1_000):
                trade(stage, *range(first, first + 1_000), every_ms=0)
                await asyncio.sleep(0.01)

        assert stage.kafka.ids() == list(range(2 * FRAMES_AT_ONCE + 2))
        assert max(map(len, stage.kafka.transactions)) <= FRAMES_AT_ONCE + 1_000

    on_virtual_time(scene)


def test_told_to_stop_before_it_has_begun_it_publishes_nothing() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.streams.takes_s = 2.0
        trade(stage, 1)
        async with session(stage):
            await asyncio.sleep(1)

        assert stage.steps == [f"follow {SYMBOL}", "let go"]
        assert [read.frames for read in stage.spool.take(10)] == [[trade_frame(1, 0)]]

    on_virtual_time(scene)


def test_while_nothing_happens_nothing_is_published() -> None:
    async def scene() -> None:
        stage = Stage()
        trade(stage, 1, on_sockets=False)
        async with session(stage):
            await asyncio.sleep(30)
            before = len(stage.kafka.transactions)
            await asyncio.sleep(20)
            assert len(stage.kafka.transactions) == before

    on_virtual_time(scene)


# Beside the frames


def test_a_hole_the_tickers_reveal_is_filled_and_its_stream_called_silent() -> None:
    async def scene() -> None:
        stage = Stage()
        async with session(stage):
            trade(stage, 1)
            await until(published(stage, range(2)))
            trade(stage, *range(2, 10), on_sockets=False)
            stage.spool.add(ticker_frame(9, int(asyncio.get_running_loop().time() * 1_000) + 80))
            await until(published(stage, range(10)), within_s=3.0)

        assert stage.streams.silent == [SYMBOL]

    on_virtual_time(scene)


def test_a_status_poll_reaches_the_minutes() -> None:
    async def scene() -> None:
        stage = Stage()
        async with session(stage):
            trade(stage, 1)
            await until(published(stage, range(2)))
            for _ in range(3):
                await asyncio.sleep(60)
                assert stage.registry.on_poll is not None
                stage.registry.on_poll({SYMBOL: "TRADING", "ELSEUSDT": "BREAK"}, stage.exchange.now_ms)
                now_ms = int(asyncio.get_running_loop().time() * 1_000)
                stage.spool.add(ticker_frame(1, now_ms))
                await asyncio.sleep(1)

        assert [mark.trade_count for mark in stage.kafka.marks()] == [1, 0]

    on_virtual_time(scene)
