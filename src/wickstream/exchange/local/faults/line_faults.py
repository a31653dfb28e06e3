"""Faults of connections: what ends them, keeps them from opening, or leaves them half-open."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from wickstream.exchange.local.faults.frame_faults import Fault

ABNORMAL = 1006  # never sent: a client reports it where TCP ends without a farewell


class LineFault(Fault, frozen=True, kw_only=True):
    """Hits connections that are open when it begins: all, the oldest, or the newest."""

    is_momentary: ClassVar[bool] = True

    connections: Literal["open", "oldest", "newest"] = "open"


class Close(LineFault, frozen=True, kw_only=True):
    """End connections with a code: 1008, 1011, …; 1006 cuts them without a farewell."""

    code: Annotated[int, Meta(ge=1_000, le=4_999)] = ABNORMAL
    reason: Annotated[str, Meta(max_length=120)] = ""


class HalfOpen(LineFault, frozen=True, kw_only=True):
    """From now on nothing is sent or answered on these connections, and TCP stays."""


class ServerShutdown(LineFault, frozen=True, kw_only=True):
    """Announce the server's end on these connections, and leave them open."""

    def notice(self, now_ms: int, *, combined: bool) -> bytes:
        """The message, in the connection's shape."""
        event = {"e": "serverShutdown", "E": now_ms}
        return msgspec.json.encode({"stream": "!serverShutdown", "data": event} if combined else event)
