"""What a path is: who may go there, and what a request there is counted as. Pure."""

from enum import StrEnum

READ_PREFIX, DROP_IN_PREFIX = "/api/", "/api/v3/"
METRICS = "/metrics"
SOCKET = "/ws"
LIVE = (SOCKET, "/stream", "/api/v1/stream")


class Scope(StrEnum):
    """What a key may be allowed."""

    READ = "read"  # all data
    LIVE = "live"  # push
    METRICS = "metrics"


def scope_of(path: str) -> Scope | None:
    """What is needed there; None: nothing (the page, its documentation, and what orchestrators ask)."""
    if path in LIVE or path.startswith(tuple(f"{live}/" for live in LIVE)):
        return Scope.LIVE
    if path.startswith(READ_PREFIX):
        return Scope.READ
    return Scope.METRICS if path == METRICS else None


def is_drop_in(path: str) -> bool:
    """Whether it is spoken to as Binance is: errors, weights and headers are Binance's."""
    return path.startswith(DROP_IN_PREFIX)
