"""What the exchange itself said last: its clock, its tickers, its words on symbols."""

import time
from collections.abc import Mapping, Sequence

import redis.asyncio

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.lane.live import read_clock, read_frames
from wickstream.store.warm.reads import WarmReader
from wickstream.store.warm.statuses import read_statuses


class ExchangeReads:
    """Every read raises StoreBusy if the store that has it does not answer."""

    def __init__(self, settings: Settings, client: "redis.asyncio.Redis", warm: WarmReader) -> None:
        self._settings = settings
        self._redis = client
        self._warm = warm

    async def now_ms(self) -> int:
        """The exchange's clock; in a replay it stands where the recording is.

        Raises:
            StoreBusy: Besides, if nothing was heard of the exchange within a day.
        """
        clock = await read_clock(self._redis)
        if clock is None:
            raise StoreBusy("nothing was heard of the exchange yet")
        return clock.now_ms(time.time_ns() // 1_000_000, stands_still=self._settings.is_replay)

    async def tickers(self, symbols: Sequence[str]) -> Mapping[str, bytes]:
        """Each one's last 24-hour ticker as the exchange sent it; where none came within a day, none."""
        return await read_frames(self._redis, symbols)

    async def statuses(self) -> Mapping[str, str]:
        """The exchange's newest word on symbols, such as TRADING; `delisted`: not there any more."""
        return await read_statuses(self._warm)
