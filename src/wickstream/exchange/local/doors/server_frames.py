"""WebSocket frames as a server writes them: unmasked, unfragmented, and many in one piece of bytes."""

from collections.abc import Iterable

_TEXT = 0x81  # the last (and only) frame of a text message
_SHORT, _LONG = 126, 65_536  # sizes from which the header is longer


def _header(size: int) -> bytes:
    if size < _SHORT:
        return bytes((_TEXT, size))
    if size < _LONG:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big")


_HEADERS = tuple(map(_header, range(1_024)))  # market data is short


def text_frames(messages: Iterable[bytes]) -> bytes:
    """The messages, a text frame each, in order."""
    pieces = []
    for message in messages:
        size = len(message)
        pieces.append(_HEADERS[size] if size < len(_HEADERS) else _header(size))
        pieces.append(message)
    return b"".join(pieces)
