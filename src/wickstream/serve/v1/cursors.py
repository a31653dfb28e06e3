"""Where a list goes on: a word that is good for the one question it was given for. Pure."""

import base64
import binascii
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from wickstream.serve.problems import Problem

Position = Sequence[int | str]

_SEAL_BYTES = 8


def cursor_at(position: Position, *question: object) -> str:
    """The word for this place in the answer to this question."""
    place = msgspec.msgpack.encode(list(position))
    return base64.urlsafe_b64encode(_seal(place, question) + place).rstrip(b"=").decode()


def position_of(cursor: str, *question: object) -> list[int | str]:
    """The place that `cursor_at` made a word of.

    Raises:
        Problem: 400, if it was made for another question, or by somebody else.
    """
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        sealed = b""
    seal, place = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
    # It guards no secret: it keeps a word from being used where it means something else.
    if seal != _seal(place, question):
        raise Problem(400, "bad-cursor", "cursor: it belongs to another question; repeat that one, or leave it out")
    found: list[int | str] = msgspec.msgpack.decode(place)
    return found


def name_behind(cursor: str | None, *question: object) -> str:
    """The name after which a list by name goes on; empty: at its beginning.

    Raises:
        Problem: 400, as `position_of`.
    """
    return str(position_of(cursor, *question)[0]) if cursor else ""


def _seal(place: bytes, question: Sequence[object]) -> bytes:
    return blake2b(repr(question).encode() + place, digest_size=_SEAL_BYTES).digest()
