"""One symbol's day after the other, as far as it is asked for."""

import time
from collections.abc import Awaitable, Callable, Mapping

from wickstream.candle import Candle
from wickstream.errors import ExchangeError
from wickstream.operate.backfill.klines import Klines
from wickstream.operate.backfill.outcome import Filled, Outcome
from wickstream.operate.backfill.tally import differing
from wickstream.operate.backfill.trades import Trades
from wickstream.operate.backfill.wanted import Day

GIVE_UP_AFTER = 8  # failures in a row: the exchange is away, and the other days would fail like these

Tell = Callable[[Filled], None]


class Days:
    """Fills them; any number at a time."""

    def __init__(self, klines: Klines | None, trades: Trades | None, *, tell: Tell) -> None:
        """`tell`: hears what became of each day's klines, and of its trades."""
        self._klines = klines
        self._trades = trades
        self._tell = tell
        self._failures = 0

    async def fill(self, day: Day) -> None:
        """Klines first: the trades are compared with them. That the exchange fails is told.

        Raises:
            ExchangeError: If it failed time and again.
            StoreBusy: If a store does not answer, asked several times.
        """
        fetched: Mapping[int, Candle] = {}
        if self._klines is not None:
            fetched = await self._told(day, "klines", self._klines.fill) or {}
        if (trades := self._trades) is not None:

            async def fill_trades(day: Day, filled: Filled) -> Mapping[int, Candle]:
                candles = await trades.fill(day, filled)
                await self._compare(day, candles, fetched, filled)
                return candles

            await self._told(day, "trades", fill_trades)

    async def _told(
        self, day: Day, what: str, fill: Callable[[Day, Filled], Awaitable[Mapping[int, Candle]]]
    ) -> Mapping[int, Candle] | None:
        began_s, filled = time.monotonic(), Filled(day.symbol, str(day.date), what)
        found: Mapping[int, Candle] | None = None
        try:
            found = await fill(day, filled)
            self._failures = 0
        except ExchangeError as exc:
            filled.outcome, filled.trouble = Outcome.FAILED, str(exc)
            self._failures += 1
            if self._failures >= GIVE_UP_AFTER:
                raise
        finally:
            filled.seconds = round(time.monotonic() - began_s, 3)
            if found is not None or filled.trouble:
                self._tell(filled)
        return found

    async def _compare(
        self, day: Day, candles: Mapping[int, Candle], fetched: Mapping[int, Candle], filled: Filled
    ) -> None:
        if candles and self._klines is not None:
            klines = fetched or await self._klines.held(day)  # of which there may be a part of the day only
            ours = candles if fetched else {at: candle for at, candle in candles.items() if at in klines}
            others = differing(ours, klines)
            filled.differing, filled.first_differing = len(others), others[0] if others else None
