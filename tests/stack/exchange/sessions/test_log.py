"""Who may write, on a real broker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing

import pytest

from tests.running import wait_until
from tests.stack.exchange.sessions.test_tail import event, mark, trades
from tests.unit.exchange.made_exchange import trade_data
from wickstream.bus import topics
from wickstream.bus.follower import Follower
from wickstream.bus.producer import Batch, ProducerBroken, Record, TransactionalProducer
from wickstream.exchange.sessions.instance import Instance
from wickstream.exchange.sessions.log import KafkaLog
from wickstream.exchange.sessions.tail import STARTED

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def bus(kafka: str) -> str:
    topics.create_topics(kafka)
    return kafka


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def within_a_minute() -> None:
        async with asyncio.timeout(60):
            await scene()

    asyncio.run(within_a_minute())


def an_instance(shard: int, shards: int, *, market: str) -> Instance:
    return Instance.new(market, (shard, shards))


async def fenced(bus: str, me: Instance) -> KafkaLog:
    log = KafkaLog(bus, me)
    await log.fence()
    return log


async def publish(log: KafkaLog, records: Sequence[Record | Batch]) -> None:
    await log.send(records)
    await log.commit()


def test_what_is_sent_can_be_read_before_its_transaction_ends(bus: str) -> None:
    async def scene() -> None:
        log = await fenced(bus, an_instance(0, 1, market="log-open"))
        with closing(Follower.open(bus, topics.RAW_TRADES)) as uncommitted:
            uncommitted.catch_up()
            await log.send([trades("OPENUSDT", 1)])
            wait_until(lambda: any(message.key() == b"OPENUSDT" for message in uncommitted.news()))
            await log.commit()
        log.let_go()

    play(scene)


def test_what_one_session_publishes_the_next_one_finds(bus: str) -> None:
    async def scene() -> None:
        one = await fenced(bus, an_instance(0, 1, market="log-next"))
        await publish(one, [event(STARTED, 0, "LOGUSDT"), trades("LOGUSDT", *range(7)), mark("LOGUSDT", 0)])
        one.let_go()
        following = await fenced(bus, an_instance(0, 1, market="log-next"))

        tails = await following.tails(["LOGUSDT", "NOBODYUSDT"])
        found = tails["LOGUSDT"]
        assert found.mark is not None
        assert [arrival.data for arrival in found.trades] == [trade_data(6, 60_000, "LOGUSDT")]
        assert tails["NOBODYUSDT"].is_cold
        following.let_go()

    play(scene)


def test_whoever_is_fenced_by_another_run_cannot_publish_and_knows_of_a_twin(bus: str) -> None:
    async def scene() -> None:
        one = await fenced(bus, an_instance(0, 1, market="log-twin"))
        await publish(one, [trades("TWINUSDT", 1)])
        twin = await fenced(bus, an_instance(0, 1, market="log-twin"))

        with pytest.raises(ProducerBroken) as caught:
            await publish(one, [trades("TWINUSDT", 2)])
        assert caught.value.fenced
        assert await one.has_twin()
        assert not await twin.has_twin()
        await publish(twin, [trades("TWINUSDT", 2)])
        one.let_go()
        twin.let_go()

    play(scene)


def test_whoever_is_fenced_and_nobody_took_over_knows_that_too(bus: str) -> None:
    """As when the broker ends its transaction for being too long."""

    async def scene() -> None:
        me = an_instance(0, 1, market="log-timeout")
        one = await fenced(bus, me)
        TransactionalProducer(bus, transactional_id=me.transactional_id).fence()

        with pytest.raises(ProducerBroken) as caught:
            await publish(one, [trades("TIMEUSDT", 1)])
        assert caught.value.fenced
        assert not await one.has_twin()
        one.let_go()

    play(scene)


def test_another_way_to_share_the_symbols_fences_all_shards_of_the_old_one_and_no_other_market(bus: str) -> None:
    async def scene() -> None:
        old = [an_instance(shard, 2, market="log-layout") for shard in (0, 1)]
        elsewhere = an_instance(0, 2, market="log-elsewhere")
        logs = [await fenced(bus, one) for one in (*old, elsewhere)]
        for log, writer in zip(logs, (*old, elsewhere), strict=True):
            await publish(log, [mark(f"LAY{writer.shard}{writer.market[4]}USDT", 0, writer=writer)])
        new = await fenced(bus, an_instance(2, 3, market="log-layout"))

        for log in logs[:2]:
            with pytest.raises(ProducerBroken) as caught:
                await publish(log, [trades("LAYUSDT", 1)])
            assert caught.value.fenced
            assert await log.has_twin()
        await publish(logs[2], [trades("LAYUSDT", 1)])
        assert not await new.has_twin()
        for log in (*logs, new):
            log.let_go()

    play(scene)


def test_the_other_shards_of_a_layout_do_not_fence_each_other(bus: str) -> None:
    async def scene() -> None:
        logs = [await fenced(bus, an_instance(shard, 2, market="log-shards")) for shard in (0, 1)]
        for number, log in enumerate(logs):
            await publish(log, [trades(f"SH{number}USDT", 1)])
            assert not await log.has_twin()
            log.let_go()

    play(scene)
