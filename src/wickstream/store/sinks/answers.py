"""What an answer to a POST means: taken, later, or never. Pure."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import msgspec

from wickstream.errors import SinkBusy, Unpublishable

LATER = frozenset({408, 425, 429})  # and what is the server's own fault
LONGEST_S = 3_600.0  # no server keeps us silent for longer
SAID = 120  # characters of a body that a person is shown


class _Parameters(msgspec.Struct):
    retry_after: float = 0.0


class _Body(msgspec.Struct):
    """What Telegram (`parameters`) and Discord say beside the header."""

    retry_after: float = 0.0
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


@dataclass(frozen=True)
class Answer:
    """The parts of a response that are looked at."""

    status: int
    retry_after: str | None  # the header: seconds, or a date
    body: bytes  # its beginning


def require_taken(answer: Answer, *, secrets: Sequence[str]) -> str:
    """The status in words, if it says that all is well; `secrets` are left out of what is quoted of the body.

    Raises:
        SinkBusy: If it may be taken later.
        Unpublishable: If it never will.
    """
    words = _status_words(answer.status)
    if 200 <= answer.status < 300:
        return words
    said = _quoted(answer.body, secrets)
    if answer.status in LATER or answer.status >= 500:
        raise SinkBusy(f"{words}{said}", retry_after_s=_told_to_wait_s(answer))
    if 300 <= answer.status < 400:
        raise Unpublishable(f"{words}: redirects are not followed")
    raise Unpublishable(f"{words}{said}")


def _status_words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _quoted(body: bytes, secrets: Sequence[str]) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    for secret in secrets:
        text = text.replace(secret, "…") if len(secret) > 1 else text  # a bare slash is none
    return f": {text[:SAID]}" if text.isprintable() and text else ""


def _told_to_wait_s(answer: Answer) -> float:
    """0 where it does not say."""
    told_s = max(_header_s(answer.retry_after or ""), _body_s(answer.body))
    return min(LONGEST_S, max(0.0, told_s))


def _header_s(value: str) -> float:
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):  # no date, or one of a year or zone that no calendar has
        return 0.0


def _body_s(body: bytes) -> float:
    try:
        said = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):  # cut off, or another thing altogether
        return 0.0
    return max(said.retry_after, said.parameters.retry_after)
