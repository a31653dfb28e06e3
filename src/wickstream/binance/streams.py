"""How to ask for streams: names, and SUBSCRIBE messages the exchange does not cut."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

MAX_CONTROL_BYTES = 4_000  # the exchange cuts control frames at 4,096 bytes, silently
SHUTDOWN_STREAM = "!serverShutdown"


def feed_streams(symbols: Iterable[str]) -> list[str]:
    """The streams the connector lives on: each symbol's trades, and its ticker as their audit."""
    return [f"{symbol.lower()}@{kind}" for symbol in symbols for kind in ("trade", "ticker")]


def subscribe_messages(streams: Sequence[str], *, first_id: int) -> Iterator[tuple[int, bytes]]:
    """SUBSCRIBE messages of less than `MAX_CONTROL_BYTES` bytes, with their request ids."""
    chunk: list[str] = []
    for stream in streams:
        if chunk and len(_message([*chunk, stream], first_id)) >= MAX_CONTROL_BYTES:
            yield first_id, _message(chunk, first_id)
            first_id, chunk = first_id + 1, []
        chunk.append(stream)
    if chunk:
        yield first_id, _message(chunk, first_id)


def _message(streams: list[str], request_id: int) -> bytes:
    return msgspec.json.encode({"method": "SUBSCRIBE", "params": streams, "id": request_id})
