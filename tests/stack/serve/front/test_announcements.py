import asyncio

import pytest

from wickstream.config import Settings
from wickstream.serve.front.announcements import hearing
from wickstream.serve.front.hot_names import HotName
from wickstream.serve.front.hot_store import Answer, HotStore
from wickstream.store.hot.hour import open_client
from wickstream.store.lane.live import CANDLES_CHANNEL, TICKERS_CHANNEL

pytestmark = pytest.mark.stack

NAME = HotName("/api/v1/analytics/klines/BTCUSDT", b"", "BTCUSDT")


@pytest.mark.parametrize("channel", [CANDLES_CHANNEL, TICKERS_CHANNEL])
def test_what_redis_announces_ends_an_answer_while_some_are_kept(redis: Settings, channel: str) -> None:
    async def announce_until_it_is_heard() -> int:
        store, client = HotStore(oldest_s=60), open_client(redis)
        async with hearing(redis, store):
            store.keep(NAME, Answer(200, [], b"{}", None))
            while not await asyncio.to_thread(client.publish, channel, '{"symbol":"BTCUSDT","open_time":1}'):
                pass  # nobody listens yet
            await asyncio.to_thread(client.publish, channel, "no json")
            while not store.generation(NAME):
                await asyncio.to_thread(client.publish, channel, '{"symbol":"BTCUSDT"}')
        assert store.find(NAME) is None
        return store.generation(HotName("", b"", "ETHUSDT"))

    assert asyncio.run(announce_until_it_is_heard()) == 0
