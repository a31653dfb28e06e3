"""Many who listen, in one loop that looks at large reads only: who receives must not be what is measured."""

import select
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode

from wickstream.binance.streams import SUBSCRIBE, control_message

STAMP = b'"E":'  # is once in each frame, with the moment it was made behind it: in µs or ms
_READ_BYTES = 1 << 18


@dataclass
class Ear:
    """One connection."""

    socket: socket.socket
    is_slow: bool
    frames: int = 0
    tail: bytes = b""
    ended_s: float | None = None  # after the crowd began


@dataclass
class Crowd:
    """Connections to one address; the first so many of them read one byte a second.

    Attributes:
        stamp_digits: 16 of µs, 13 of ms.
        delays_s: of the oldest frame of each read.
    """

    ears: list[Ear]
    stamp_digits: int = 16
    delays_s: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, port: int, streams: Sequence[str], *, count: int, slow: int = 0, stamp_digits: int = 16) -> "Crowd":
        """All are open, and only then subscribe: who connects does not read."""
        crowd = cls([Ear(_connected(port), number < slow) for number in range(count)], stamp_digits)
        message = Frame(Opcode.TEXT, control_message(SUBSCRIBE, streams, request_id=1)).serialize(mask=True)
        for ear in crowd.ears:
            ear.socket.sendall(message)
        return crowd

    def forget(self) -> None:
        """What was counted so far."""
        self.delays_s.clear()
        for ear in self.ears:
            ear.frames = 0

    @property
    def fast(self) -> list[Ear]:
        """Those who read."""
        return [ear for ear in self.ears if not ear.is_slow]

    @property
    def slow(self) -> list[Ear]:
        """Those who hardly do."""
        return [ear for ear in self.ears if ear.is_slow]

    def listen(self, seconds: float) -> None:
        """For so long."""
        began_s = time.monotonic()
        next_bytes_s = began_s
        with selectors.DefaultSelector() as selector:
            for ear in self.fast:
                selector.register(ear.socket, selectors.EVENT_READ, ear)
            while (now_s := time.monotonic()) < began_s + seconds:
                if now_s >= next_bytes_s:
                    next_bytes_s += 1.0
                    self._read_bytes(now_s - began_s)
                for key, _ in selector.select(0.1):
                    if not self._read(key.data):
                        key.data.ended_s = time.monotonic() - began_s
                        selector.unregister(key.data.socket)

    def close(self) -> None:
        """Everybody goes."""
        for ear in self.ears:
            ear.socket.close()

    def _read(self, ear: Ear) -> bool:
        try:
            data = ear.socket.recv(_READ_BYTES)
        except ConnectionError:
            return False
        now_s, whole = time.time(), ear.tail + data
        first = whole.find(STAMP)
        stamp = whole[first + len(STAMP) :][: self.stamp_digits]
        last = whole.rfind(STAMP, 0, len(whole) - self.stamp_digits)
        if first >= 0 and last >= first:
            ear.frames += whole.count(STAMP, 0, last + len(STAMP))
            self.delays_s.append(now_s - int(stamp) / 10 ** (self.stamp_digits - 10))
            ear.tail = whole[last + len(STAMP) :]
        else:
            ear.tail = whole
        return bool(data)

    def _read_bytes(self, now_s: float) -> None:
        for ear in self.slow:
            if ear.ended_s is None and _is_cut(ear.socket):
                ear.ended_s = now_s
            elif ear.ended_s is None:
                with suppress(BlockingIOError):
                    ear.socket.recv(1)


def _is_cut(one: socket.socket) -> bool:
    """Whether the other side is gone; what it had sent before can be read all the same."""
    poller = select.poll()
    poller.register(one, select.POLLRDHUP)
    return bool(poller.poll(0))


def quantile(values: Sequence[float], share: float) -> float:
    """Of many values."""
    in_order = sorted(values)
    return in_order[min(len(in_order) - 1, int(len(in_order) * share))]


def handshake(path: str, host: str = "127.0.0.1") -> bytes:
    """Of a client that nobody wrote a library for."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def _connected(port: int) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(handshake("/ws"))
    head = b""
    while b"\r\n\r\n" not in head:
        head += one.recv(1)
    assert head.startswith(b"HTTP/1.1 101 "), head
    one.settimeout(0)
    return one
