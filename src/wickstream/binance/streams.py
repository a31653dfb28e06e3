"""How to ask for streams: names, and control messages the exchange does not cut."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

MAX_CONTROL_BYTES = 4_000  # the exchange cuts control frames at 4,096 bytes, silently
SHUTDOWN_STREAM = "!serverShutdown"
SHUTDOWN_EVENT = b'"serverShutdown"'  # in the message without an envelope

SUBSCRIBE = "SUBSCRIBE"
UNSUBSCRIBE = "UNSUBSCRIBE"
LIST_SUBSCRIPTIONS = "LIST_SUBSCRIPTIONS"

_LARGEST_ID = 2**63 - 1


def feed_streams(symbols: Iterable[str]) -> list[str]:
    """The streams the connector lives on: each symbol's trades, and its ticker as their audit."""
    return [f"{symbol.lower()}@{kind}" for symbol in symbols for kind in ("trade", "ticker")]


def control_message(method: str, streams: Sequence[str], *, request_id: int) -> bytes:
    """One control message; that it is short enough is `in_messages`' concern."""
    if method == LIST_SUBSCRIPTIONS:
        return msgspec.json.encode({"method": method, "id": request_id})
    return msgspec.json.encode({"method": method, "params": streams, "id": request_id})


def in_messages(streams: Iterable[str]) -> Iterator[list[str]]:
    """The streams in parts, each of which makes a message of less than `MAX_CONTROL_BYTES` bytes."""
    empty = len(control_message(UNSUBSCRIBE, (), request_id=_LARGEST_ID))
    part: list[str] = []
    size = empty
    for stream in streams:
        length = len(msgspec.json.encode(stream)) + 1  # and its comma
        if part and size + length >= MAX_CONTROL_BYTES:
            yield part
            part, size = [], empty
        part.append(stream)
        size += length
    if part:
        yield part
