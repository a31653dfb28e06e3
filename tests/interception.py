"""A line to a server that acts in the middle of one call: before it arrives, halfway, or when its answer is due."""

import re
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

_PIECE_BYTES = 1 << 16

Address = tuple[str, int]


class Moment(StrEnum):
    """When, seen from the server."""

    BEFORE = "before"  # it never hears of the call
    HALFWAY = "halfway"  # it hears half of it, and then the line is cut
    AFTER = "after"  # it did what it was asked to, and its answer arrives nowhere


class Line:
    """Passes bytes both ways between any number of clients and one server."""

    def __init__(self, server: Address) -> None:
        self._server = server
        self._door = socket.create_server(("127.0.0.1", 0))
        self._trap: Trap | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where clients connect, on loopback."""
        port: int = self._door.getsockname()[1]
        return port

    def intercept(self, pattern: bytes, moment: Moment, act: Callable[[], None], *, number: int = 1) -> None:
        """Once: `act` at that moment of the call, of those that match, with this number."""
        self._trap = Trap(re.compile(pattern), moment, act, number)

    def let_pass(self) -> bool:
        """From now on all calls pass; tell whether none was intercepted since `intercept`."""
        with self._lock:
            waits, self._trap = self._trap is not None, None
        return waits

    def sprung(self, data: bytes) -> "Trap | None":
        """The trap, if this is the call that it waits for."""
        with self._lock:
            trap = self._trap
            if trap is None or not trap.pattern.search(data):
                return None
            trap.number -= 1
            if trap.number:
                return None
            self._trap = None
            return trap

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._door.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits at it
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _address = self._door.accept()
                try:
                    server = socket.create_connection(self._server)
                except OSError:
                    client.close()
                    continue
                _Connection(self, client, server)


class Trap:
    """What a line waits for, and what it does then."""

    def __init__(self, pattern: "re.Pattern[bytes]", moment: Moment, act: Callable[[], None], number: int) -> None:
        self.pattern = pattern
        self.moment = moment
        self.act = act
        self.number = number


class _Connection:
    """One client's."""

    def __init__(self, line: Line, client: socket.socket, server: socket.socket) -> None:
        self._line = line
        self._client = client
        self._server = server
        self._at_the_answer: Trap | None = None
        threading.Thread(target=self._pass_on, daemon=True).start()

    def _pass_on(self) -> None:
        with self._client, self._server, suppress(OSError):
            while all(map(self._pass_on_from, select.select([self._client, self._server], [], [])[0])):
                pass

    def _pass_on_from(self, end: socket.socket) -> bool:
        data = end.recv(_PIECE_BYTES)
        return bool(data) and (self._forth(data) if end is self._client else self._back(data))

    def _forth(self, data: bytes) -> bool:
        trap = self._line.sprung(data)
        if trap is None:
            self._server.sendall(data)
            return True
        if trap.moment is Moment.AFTER:
            self._at_the_answer = trap
            self._server.sendall(data)
            return True
        if trap.moment is Moment.HALFWAY:
            self._server.sendall(data[: len(data) // 2])
        trap.act()
        return False

    def _back(self, data: bytes) -> bool:
        if self._at_the_answer is not None:
            self._at_the_answer.act()
            return False
        self._client.sendall(data)
        return True
