"""Under which conditions the local exchange is served: its faults, who may switch them, and TLS."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wickstream.errors import Mistake
from wickstream.exchange.local.doors.archive import Flaw
from wickstream.exchange.local.doors.listeners import Listeners
from wickstream.exchange.local.doors.streams import StreamServer
from wickstream.exchange.local.doors.symbol_desk import SymbolDesk
from wickstream.exchange.local.doors.visitors import VisitorBook
from wickstream.exchange.local.faults.answer_faults import ArchiveFlaw
from wickstream.exchange.local.faults.fault_door import FaultDoor
from wickstream.exchange.local.faults.fault_script import FaultScript, read_script
from wickstream.exchange.local.faults.faults import FaultError
from wickstream.exchange.local.faults.numbering import Numbering
from wickstream.exchange.local.faults.saboteur import Saboteur
from wickstream.exchange.local.faults.switchboard import Now, Switchboard
from wickstream.exchange.local.faults.trouble import Middleware, trouble
from wickstream.exchange.local.market.world import World
from wickstream.exchange.local.played_clock import PlayedClock


@dataclass(frozen=True)
class Conditions:
    """What was asked for.

    Attributes:
        switchable: faults may be shown, added and removed over HTTP, from this machine.
        tls: serve https and wss.
    """

    script: FaultScript = field(default_factory=FaultScript)
    switchable: bool = False
    tls: ssl.SSLContext | None = None


UNDISTURBED = Conditions()


def conditions_of(
    *, faults: Path | None = None, switchable: bool = False, tls_cert: Path | None = None, tls_key: Path | None = None
) -> Conditions:
    """Read what the command line names; a script opens the door, too.

    Raises:
        Mistake: If a file is missing or wrong, or a key is there without a certificate.
    """
    script = read_script(faults) if faults else FaultScript()
    return Conditions(script, switchable or faults is not None, _tls(tls_cert, tls_key))


class Troubles:
    """All that has to do with faults, put together."""

    def __init__(
        self, world: World, clock: PlayedClock, listeners: Listeners, streams: StreamServer, conditions: Conditions
    ) -> None:
        self.board = Switchboard(seed=conditions.script.seed)
        self._clock = clock
        self._conditions = conditions
        self._desk = SymbolDesk(world, clock)
        self._saboteur = Saboteur(self.board, listeners, streams, self._desk, now=self._now)
        self._visitors = VisitorBook()
        self.doors = (FaultDoor(self._saboteur), self._visitors) if conditions.switchable else ()

    @property
    def changed(self) -> Mapping[int, Numbering]:
        """For the player."""
        return self._desk.changed

    def flaw_of(self, file: str) -> Flaw | None:
        """What is wrong with a file of the archive, by its name without an ending."""
        return next((fault.flaw for fault, _ in self.board.on(ArchiveFlaw) if fault.is_meant(file)), None)

    def before(self, host: str) -> list[Middleware]:
        """What stands between a host and its answers, the outermost first."""
        middlewares = [trouble(host, self.board, now=self._now)]
        return [self._visitors.at_the_door(host), *middlewares] if self._conditions.switchable else middlewares

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Follow the script, and what is added, as long as the context is open.

        Raises:
            Mistake: If the script names a symbol that is not played.
        """
        if not self._conditions.switchable:
            yield
            return
        try:
            for fault, timing in self._conditions.script.entries:
                self._saboteur.add(fault, timing)
        except FaultError as exc:
            raise Mistake(str(exc)) from exc
        work = asyncio.create_task(self._saboteur.work())
        try:
            yield
        finally:
            work.cancel()
            await asyncio.wait((work,))

    def _now(self) -> Now:
        return Now(time.monotonic(), self._clock.read_ms())


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        if key is not None:
            raise Mistake("--tls-key: needs --tls-cert beside it")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as exc:
        raise Mistake(f"--tls-cert {cert}: {exc}") from exc
    return context
