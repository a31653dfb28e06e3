"""All stream connections of one connector process."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from wickstream.exchange.sockets.connects import ConnectBudget
from wickstream.exchange.sockets.line import Line
from wickstream.exchange.sockets.listener import OnFrame
from wickstream.exchange.sockets.socket_rules import SocketRules

LOOK_S = 1.0  # at the connections' age, at least so often


class Sockets:
    """The wanted symbols' trades and tickers, split over connections that replace each other without a gap.

    While two connections overlap, frames come twice; after a symbol is no longer wanted, some of its frames may still.
    """

    def __init__(self, url: str, on_frame: OnFrame, rules: SocketRules = SocketRules()) -> None:  # noqa: B008 (frozen)
        self._url = url
        self._on_frame = on_frame
        self._rules = rules
        self._budget = ConnectBudget(allowed=rules.connects_allowed, window_s=rules.connects_window_s)
        self._reading = asyncio.Event()
        self._reading.set()
        self._lines: list[Line] = []
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        running: dict[Line, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rotate_in_turn())
            while True:
                self._changed.clear()
                for line in [line for line in running if line not in self._lines]:
                    running.pop(line).cancel()
                for line in [line for line in self._lines if line not in running]:
                    running[line] = group.create_task(line.run())
                await self._changed.wait()

    def follow(self, symbols: Iterable[str]) -> None:
        """These and no others, from now on; symbols stay on the connection they are on."""
        wanted = dict.fromkeys(symbols)
        shares = {line: line.symbols.intersection(wanted) for line in self._lines}
        while len(shares) * self._rules.symbols_per_socket < len(wanted):
            shares[self._new_line()] = set()
        placed = set().union(*shares.values())
        for symbol in wanted:
            if symbol not in placed:
                min(shares.values(), key=len).add(symbol)
        for line, share in shares.items():
            line.follow(share)
        self._lines = [line for line, share in shares.items() if share]
        self._changed.set()

    async def subscribed(self) -> None:
        """Wait until the exchange has confirmed all that is wanted, but for what it does not take."""
        while unsettled := [line for line in self._lines if not line.settled.is_set()]:
            with suppress(TimeoutError):  # the lines may be others by then
                await asyncio.wait_for(unsettled[0].settled.wait(), LOOK_S)

    def pause(self) -> None:
        """Read no connection until `unpause`, nor open one: the exchange feels it through TCP."""
        if self._reading.is_set():
            self._reading.clear()
            for line in self._lines:
                line.pause()

    def unpause(self) -> None:
        """Read on."""
        if not self._reading.is_set():
            self._reading.set()
            for line in self._lines:
                line.unpause()

    def shut_down_announced(self) -> None:
        """The exchange goes away: all connections are renewed at once. What it says on one itself is heeded there."""
        for line in self._lines:
            line.renew("the exchange shuts down")

    def is_silent(self, symbol: str) -> None:
        """Its trades go on, as its ticker shows, and none comes: renew its connection, ever less often."""
        for line in self._lines:
            if symbol in line.symbols:
                line.complain(symbol)

    def _new_line(self) -> Line:
        return Line(self._url, self._on_frame, self._rules, budget=self._budget, reading=self._reading)

    async def _rotate_in_turn(self) -> None:
        """One at a time: two copies of everything would be twice the work."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = min((line.due_s() for line in self._lines), default=float("inf"))
            await asyncio.sleep(max(0.01, min(LOOK_S, due_s - loop.time())))
            await self._reading.wait()
            for line in list(self._lines):
                if line.due_s() <= loop.time():
                    line.renew("its life is over")
                    await self._renewed(line)

    async def _renewed(self, line: Line) -> None:
        patience_s = self._rules.open_s + self._rules.answer_s + self._rules.overlap_s
        with suppress(TimeoutError):  # it goes on trying; the next one's life is over too
            await asyncio.wait_for(line.renewed.wait(), patience_s)
