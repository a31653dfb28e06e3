"""The exchange's own klines of a symbol, as far as they were asked for."""

from wickstream.candle import Candle
from wickstream.events import MINUTE_MS
from wickstream.exchange.rest.client import ExchangeClient

GRACE_MS = 3_000  # klines trail the stream


class KlineBook:
    """Asks for a page at a time, and forgets what lies behind. Every question may raise ExchangeError."""

    def __init__(self, client: ExchangeClient, symbol: str) -> None:
        self._client = client
        self._symbol = symbol
        self.closed: dict[int, Candle] = {}
        self.newest = -1  # open time of the newest closed one that was seen
        self._from = 0  # from here on to `newest`, what is not in `closed` is not there

    async def cover(self, first_open: int, last_open: int, *, now_ms: int) -> None:
        """Know every minute from one to the other, as far as the exchange does."""
        if not self._from <= first_open <= last_open <= self.newest:
            await self.ask_again(first_open, now_ms=now_ms)
            while self.newest < last_open and await self._ask(self.newest + MINUTE_MS, now_ms=now_ms):
                pass
        for open_time in [known for known in self.closed if known < first_open]:
            del self.closed[open_time]

    async def ask_again(self, first_open: int, *, now_ms: int) -> None:
        """As `cover`, of what may have changed since."""
        self.closed.clear()
        self.newest, self._from = first_open - MINUTE_MS, first_open
        await self._ask(first_open, now_ms=now_ms)

    async def _ask(self, from_open: int, *, now_ms: int) -> bool:
        """Tell whether there was any."""
        klines = await self._client.klines(self._symbol, from_open, now_ms=now_ms - GRACE_MS)
        closed = {kline.open_time: kline for kline in klines if kline.closed}
        self.closed |= closed
        self.newest = max([self.newest, *closed])
        return bool(closed)
