"""Plays the world to whoever listens: trades in order of trade time, and figures of each symbol once a second."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol

import structlog

from wickstream.exchange.local.doors.daily import day_ticker
from wickstream.exchange.local.doors.klines import Grid, kline_at
from wickstream.exchange.local.doors.pages import AggTrades
from wickstream.exchange.local.faults.numbering import Numbering
from wickstream.exchange.local.market.career import BREAK, CANCEL_ONLY
from wickstream.exchange.local.market.history import History
from wickstream.exchange.local.market.programme import Due
from wickstream.exchange.local.market.restamp import restamp
from wickstream.exchange.local.market.world import World
from wickstream.exchange.local.played_clock import PlayedClock

_SECOND_MS = 1_000
_TURNS = (20, 10, 5, 2, 1)  # parts of a second: not all symbols' figures go out at once
_BATCH = 256  # frames between two looks at the subscribers' backlogs
_SHORTEST_WAIT_S = 0.002  # frames of the same few ms go out together
_WITHOUT_KLINES = (None, BREAK, CANCEL_ONLY)
_TRADE_ID = re.compile(rb'"t":(\d+)')
_ASLEEP_MS = 60_000  # further behind than this, the machine slept: what was missed is the past

log = structlog.get_logger()


class Audience(Protocol):
    """Who listens, seen from the player."""

    def wanted(self, stream: str) -> bool:
        """Tell whether anyone listens to a stream."""
        ...

    def send(self, stream: str, data: bytes) -> None:
        """Queue one frame for everyone who listens."""
        ...

    async def everyone(self, streams: list[str]) -> None:
        """Wait until each of the streams has a listener."""
        ...

    async def room(self, streams: list[str]) -> None:
        """Wait until one of the streams has a listener, and no listener is far behind."""
        ...

    def aggregate_streams(self) -> list[tuple[str, str]]:
        """`@aggTrade` streams someone listens to: name, symbol."""
        ...

    def kline_streams(self) -> list[tuple[str, str, str]]:
        """Kline streams someone listens to: name, symbol, interval."""
        ...


class Player:
    """Owns where the playing stands."""

    def __init__(
        self,
        world: World,
        clock: PlayedClock,
        audience: Audience,
        *,
        waits_for: Iterable[str],
        changed: Mapping[int, Numbering] = MappingProxyType({}),
    ) -> None:
        """`waits_for`: symbols whose trades must have a listener before clock and first frame are let go.

        `changed`: numberings of symbols, by their number, whose trades have other ids than planned, or do not happen.
        """
        self._changed = changed
        self._world = world
        self._clock = clock
        self._audience = audience
        self._awaited_streams = [f"{symbol.lower()}@trade" for symbol in waits_for]
        self._trade_streams = [f"{symbol.lower()}@trade" for symbol in world.histories]
        self._is_demo = not self._awaited_streams
        self._histories = tuple(world.histories.values())
        self._turns = next(turns for turns in _TURNS if turns <= len(world.histories))
        self._turn_ms = _SECOND_MS // self._turns
        self._next = 0
        self._played_ms = 0
        self._next_turn_ms = 0

    async def play(self) -> None:
        """Until the last frame; for ever where there is none."""
        if self._awaited_streams:
            log.info("waiting for subscribers", streams=self._awaited_streams)
            await self._audience.everyone(self._awaited_streams)
            self._clock.start()
        self._go_to(self._clock.read_ms())
        log.info("playing", speed=self._clock.speed or "max", at_ms=self._clock.read_ms())
        await (self._play_at_full_speed() if self._clock.speed is None else self._play_at_pace())
        log.info("the last frame was played", at_ms=self._clock.read_ms())

    def _go_to(self, now_ms: int) -> None:
        self._next = self._world.frames_until(now_ms)
        self._played_ms = now_ms
        self._next_turn_ms = (now_ms // self._turn_ms + 1) * self._turn_ms

    async def _play_at_pace(self) -> None:
        while (due_ms := self._next_due_ms(batch=1)) is not None:
            await asyncio.sleep(max(_SHORTEST_WAIT_S, self._clock.real_seconds_until(due_ms)))
            now_ms = self._clock.read_ms()
            if self._is_demo and now_ms - due_ms > _ASLEEP_MS * (self._clock.speed or 1):
                log.warning("skipped what was missed", missed_ms=now_ms - due_ms)
                self._go_to(now_ms)
            self._play_until(now_ms)

    async def _play_at_full_speed(self) -> None:
        while (due_ms := self._next_due_ms(batch=_BATCH)) is not None:
            await self._audience.room(self._trade_streams)
            self._clock.push(due_ms)
            self._play_until(due_ms)
            await asyncio.sleep(0)

    def _next_due_ms(self, *, batch: int) -> int | None:
        """When the next symbols have their turn or `batch` more frames are complete; None after the last one."""
        if self._world.time_of(self._next) is None:
            return None
        ends = (self._world.time_of(self._next + ahead) for ahead in range(batch - 1, -1, -1))
        return min(self._next_turn_ms, next(end for end in ends if end is not None))

    def _play_until(self, now_ms: int) -> None:
        while self._next_turn_ms <= now_ms:
            self._send_trades(self._next_turn_ms)
            self._tick(self._next_turn_ms)
            self._next_turn_ms += self._turn_ms
        self._send_trades(now_ms)

    def _send_trades(self, until_ms: int) -> None:
        stop = self._world.frames_until(until_ms)
        streams, send = self._trade_streams, self._audience.send
        frames: Iterable[Due] = self._world.frames(self._next, stop)
        for tape, data in self._as_given(frames) if self._changed else frames:
            send(streams[tape], data)
        self._next = max(self._next, stop)
        self._send_aggregates(self._played_ms, until_ms)
        self._played_ms = until_ms

    def _as_given(self, frames: Iterable[Due]) -> Iterator[Due]:
        """Without trades that do not happen; with the ids the others are given."""
        for tape, data in frames:
            numbering = self._changed.get(tape)
            if numbering is None:
                yield tape, data
            elif (found := _TRADE_ID.search(data)) and (given := numbering.given(planned := int(found[1]))) is not None:
                yield tape, restamp(data, by_ms=0, by_ids=given - planned)

    def _send_aggregates(self, after_ms: int, until_ms: int) -> None:
        """All trades of a ms are there, and with them every aggregate that ends in it."""
        for stream, symbol in self._audience.aggregate_streams():
            history = self._world.histories[symbol]
            aggregates = AggTrades(history)
            start, stop = aggregates.before(history.until(after_ms)), aggregates.before(history.until(until_ms))
            for aggregate in aggregates.between(start, stop):
                self._audience.send(stream, aggregate.frame(symbol))

    def _tick(self, now_ms: int) -> None:
        turn = now_ms % _SECOND_MS // self._turn_ms
        for history in self._histories[turn :: self._turns]:
            self._send_day(history, now_ms)
        if turn == 0:
            self._send_klines(now_ms)

    def _send_day(self, history: History, now_ms: int) -> None:
        """None while the symbol is not listed, or in a break."""
        name = history.symbol.lower()
        full, mini = f"{name}@ticker", f"{name}@miniTicker"
        is_told = history.status(now_ms) not in (None, BREAK)
        if is_told and (self._audience.wanted(full) or self._audience.wanted(mini)):
            ticker = day_ticker(history, as_of_ms=now_ms)
            self._audience.send(full, ticker.frame())
            self._audience.send(mini, ticker.mini_frame())

    def _send_klines(self, now_ms: int) -> None:
        """Every other second, as the exchange does; `1s` every second. A window's last word comes after its end."""
        for stream, symbol, interval in self._audience.kline_streams():
            if interval == "1s" or now_ms % (2 * _SECOND_MS) == 0:
                grid, history = Grid(interval), self._world.histories[symbol]
                open_ms = grid.open_of(now_ms - 1)
                is_told = history.status(now_ms) not in _WITHOUT_KLINES
                if is_told and not history.is_shut(open_ms, grid.next_open(open_ms)):
                    kline = kline_at(history, grid, open_ms, now_ms=now_ms)
                    self._audience.send(stream, kline.frame(symbol, interval, event_at_ms=now_ms))
