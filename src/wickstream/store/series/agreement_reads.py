"""The live lane beside the stream: Redis has what the one counted, PostgreSQL what the other closed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import redis.asyncio

from wickstream.candle import Candle
from wickstream.store.lane.agreement import Comparison, compare
from wickstream.store.lane.minutes import read_lane_minutes
from wickstream.store.warm.reads import WarmReader


async def read_agreement(
    client: "redis.asyncio.Redis", warm: WarmReader, symbols: Sequence[str]
) -> Mapping[str, Comparison]:
    """Of each of these symbols, the minutes that the lane still knows.

    Raises:
        StoreBusy: If one of the two does not answer.
    """
    lane = await read_lane_minutes(client, symbols)
    spans = {
        symbol: (minutes[0].candle.open_time, minutes[-1].candle.open_time)
        for symbol, minutes in lane.items()
        if minutes
    }
    closed: defaultdict[str, dict[int, Candle]] = defaultdict(dict)
    for candle in await warm.closed_within(spans) if spans else ():
        closed[candle.symbol][candle.open_time] = candle
    return {symbol: compare(minutes, closed[symbol]) for symbol, minutes in lane.items()}
