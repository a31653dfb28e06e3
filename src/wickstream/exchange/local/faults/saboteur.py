"""Carries out the faults that are on: puts them in the frames' way, and ends or mutes connections."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from wickstream.exchange.local.doors.listeners import Listeners
from wickstream.exchange.local.doors.session import Session
from wickstream.exchange.local.doors.streams import StreamServer
from wickstream.exchange.local.doors.symbol_desk import SymbolDesk
from wickstream.exchange.local.faults.distortion import Distorter, Distortion
from wickstream.exchange.local.faults.faults import Timing, write_entry
from wickstream.exchange.local.faults.frame_faults import Fault, FrameFault
from wickstream.exchange.local.faults.line_faults import ABNORMAL, Close, HalfOpen, LineFault, ServerShutdown
from wickstream.exchange.local.faults.switchboard import Now, Switch, Switchboard
from wickstream.exchange.local.faults.symbol_faults import SymbolFault

_TICK_S = 0.005  # faults begin and end, and held frames go out, to this

log = structlog.get_logger()


class Way(Protocol):
    """Where frames pass: all of them, or those of one connection."""

    distorter: Distorter | None

    def wanted(self, stream: str) -> bool:
        """Tell whether anyone listens to a stream."""
        ...

    def pass_on(self, stream: str, data: bytes) -> None:
        """Take a frame, past the faults."""
        ...


class Saboteur:
    """Owns the switchboard, and what of it is in effect."""

    def __init__(
        self,
        board: Switchboard,
        listeners: Listeners,
        streams: StreamServer,
        symbols: SymbolDesk,
        *,
        now: Callable[[], Now],
    ) -> None:
        self.board = board
        self._listeners = listeners
        self._streams = streams
        self._symbols = symbols
        self._now = now
        self._placed: dict[int, list[tuple[Way, Distortion]]] = {}

    async def work(self) -> None:
        """For ever."""
        while True:
            self.tick()
            await asyncio.sleep(_TICK_S)

    def add(self, fault: Fault, timing: Timing) -> Switch:
        """Take a fault in; it begins at once, unless its time says otherwise.

        Raises:
            FaultError: If it names a symbol that is not played.
        """
        if isinstance(fault, SymbolFault):
            self._symbols.check(fault)
        switch = self.board.add(fault, timing, now=self._now())
        self.tick()
        return switch

    def remove(self, number: int) -> bool:
        """Take a fault out, and end it if it is on; tell whether it was there."""
        switch = self.board.remove(number)
        if switch and switch.is_on:
            self._end(switch)
        return switch is not None

    def tick(self) -> None:
        """Begin and end what is due, and send what was held back long enough."""
        for switch in self.board.advance(self._now()):
            if switch.is_on:
                log.info("fault begins", id=switch.number, **write_entry(switch.fault, switch.timing))
                self._begin(switch)
            else:
                log.info("fault ends", id=switch.number)
                self._end(switch)
        self._release()

    def _begin(self, switch: Switch) -> None:
        match switch.fault:
            case FrameFault() as fault:
                ways = self._ways(fault.connections)
                self._placed[switch.number] = [self._place(way, Distortion(fault, switch.random)) for way in ways]
            case LineFault() as fault:
                for session in self._chosen(fault.connections):
                    self._strike(session, fault)
            case SymbolFault() as fault:
                self._symbols.begin(fault)

    def _end(self, switch: Switch) -> None:
        for way, distortion in self._placed.pop(switch.number, ()):
            if way.distorter is not None:
                way.distorter.remove(distortion)
        if isinstance(switch.fault, SymbolFault):
            self._symbols.end(switch.fault)

    def _place(self, way: Way, distortion: Distortion) -> tuple[Way, Distortion]:
        if way.distorter is None:
            way.distorter = Distorter(way.pass_on, is_heard=way.wanted, seconds=lambda: self._now().real_s)
        way.distorter.add(distortion)
        return way, distortion

    def _release(self) -> None:
        for way in (*self._ways("all"), *self._ways("open")):
            if way.distorter is not None:
                way.distorter.release()
                if way.distorter.is_idle:
                    way.distorter = None

    def _chosen(self, which: str) -> list[Session]:
        sessions = list(self._streams)
        return {"oldest": sessions[:1], "newest": sessions[-1:]}.get(which, sessions)

    def _ways(self, which: str) -> list[Way]:
        return [self._listeners] if which == "all" else [session.connection for session in self._chosen(which)]

    def _strike(self, session: Session, fault: LineFault) -> None:
        match fault:
            case Close(code=code) if code == ABNORMAL:
                session.cut()
            case Close(code=code, reason=reason):
                session.close(code, reason)
            case HalfOpen():
                session.connection.fall_mute()
            case ServerShutdown():
                connection = session.connection
                connection.tell(fault.notice(self._now().exchange_ms, combined=connection.combined))
