"""Kline streams: followed while somebody listens, from what is stored and what comes."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from wickstream.candle import Candle, window_start
from wickstream.errors import WickstreamError
from wickstream.serve.live.frames import kline
from wickstream.serve.live.hub import Hub
from wickstream.serve.live.messages import Message
from wickstream.serve.live.names import KLINE, parse_stream
from wickstream.serve.live.windows import Told, Windows
from wickstream.serve.reader import Reader

LOOK_S = 1.0
FIRST_QUESTION_S, LAST_QUESTION_S = 4.0, 300.0  # after a window's end; between two questions for its proof
MOST_QUESTIONS = 20  # at one look
_MOST_ROWS = 1_000

log = structlog.get_logger(__name__)


class _Followed:
    def __init__(self, stream: str, symbol: str, interval: str) -> None:
        self.stream, self.symbol, self.interval = stream, symbol, interval
        self.windows = Windows(interval)
        self.questions: dict[int, tuple[float, float]] = {}  # window: when to ask for its proof, how long after that


class CandleStreams:
    """The hub's audience: begins with the first who listens to a kline stream, and forgets with the last."""

    def __init__(self, hub: Hub, reader: Reader, clock: Callable[[], float]) -> None:
        self.are_wanted = asyncio.Event()
        self._hub = hub
        self._reader = reader
        self._clock = clock
        self._of_symbol: dict[str, dict[str, _Followed]] = {}
        self._begun = asyncio.Event()  # somebody waits for a first state

    def came(self, stream: str) -> None:
        """Somebody listens."""
        name = parse_stream(stream)
        if name and name.kind == KLINE and name.symbol and name.interval:
            followed = _Followed(stream, name.symbol, name.interval)
            self._of_symbol.setdefault(name.symbol, {})[stream] = followed
            self.are_wanted.set()
            self._begun.set()

    def went(self, stream: str) -> None:
        """Nobody listens any more."""
        name = parse_stream(stream)
        if name and name.symbol in self._of_symbol:
            self._of_symbol[name.symbol].pop(stream, None)
            if not self._of_symbol[name.symbol]:
                del self._of_symbol[name.symbol]
            if not self._of_symbol:
                self.are_wanted.clear()
        if name and name.kind == KLINE:
            self._hub.forget_state(stream)

    def take(self, candle: Candle) -> None:
        """A minute, forming or closed."""
        for followed in self._of_symbol.get(candle.symbol, {}).values():
            self._tell(followed, followed.windows.take(candle))

    async def look_after(self) -> None:
        """Read first states, what became stale, and proofs that did not come by themselves; until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._begun.wait()
            except TimeoutError:
                pass
            self._begun.clear()
            try:
                await self._look()
            except WickstreamError as exc:
                log.info("klines are not read now", error=str(exc))
                await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        followed = [one for streams in self._of_symbol.values() for one in streams.values()]
        for one in followed:
            if not one.windows.has_begun or one.windows.is_stale:
                self._tell(one, one.windows.begin(await self._stored(one)))
        for one, open_time in self._due(followed):
            series = await self._reader.klines(
                one.symbol, one.interval, start=open_time, end=open_time, limit=1, closed_only=True, as_known_at=None
            )
            for candle in series.candles:
                if candle.closed and candle.open_time == open_time:
                    self._tell(one, one.windows.prove(candle))

    def _due(self, followed: Iterable[_Followed]) -> list[tuple[_Followed, int]]:
        """Windows whose proof is to be asked for now."""
        due: list[tuple[_Followed, int]] = []
        now_s = self._clock()
        for one in followed:
            unproven = one.windows.unproven
            one.questions = {
                open_time: one.questions.get(open_time, (now_s + FIRST_QUESTION_S, FIRST_QUESTION_S))
                for open_time in unproven
            }
            for open_time, (at_s, pause_s) in one.questions.items():
                if at_s <= now_s and len(due) < MOST_QUESTIONS:
                    one.questions[open_time] = (now_s + pause_s, min(2 * pause_s, LAST_QUESTION_S))
                    due.append((one, open_time))
        return due

    async def _stored(self, one: _Followed) -> list[Candle]:
        """The running window: its days, then the hours of the last day, then the minutes of the last hour."""
        newest = await self._read(one.symbol, "1m", None, None, limit=1)
        if not newest:
            return []
        now_ms = newest[-1].open_time
        start = window_start(now_ms, one.interval)
        day, hour = (max(start, window_start(now_ms, width)) for width in ("1d", "1h"))
        parts = await self._read(one.symbol, "1d", start, day - 1)
        parts += await self._read(one.symbol, "1h", day, hour - 1)
        return parts + await self._read(one.symbol, "1m", hour, None)

    async def _read(
        self, symbol: str, interval: str, start: int | None, end: int | None, *, limit: int = _MOST_ROWS
    ) -> list[Candle]:
        if start is not None and end is not None and end < start:
            return []
        series = await self._reader.klines(
            symbol, interval, start=start, end=end, limit=limit, closed_only=False, as_known_at=None
        )
        return list(series.candles)

    def _tell(self, followed: _Followed, told: Iterable[Told]) -> None:
        for candle, is_newest in told:
            message = Message(
                followed.stream, kline(candle), conflates=not candle.closed, is_state=is_newest
            )  # a closed one is told once: nothing newer may take its place
            self._hub.publish(message)
