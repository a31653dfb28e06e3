"""Discord's webhooks."""

import re

import msgspec

from wickstream.events import Tellable
from wickstream.store.sinks.message import line_of
from wickstream.store.sinks.post import Post

_MARKS = re.compile(r"([\\*_~`|<>\[\]])")
_NO_PREVIEWS = 4  # a flag


def discord_post(told: Tellable, url: str) -> Post:
    """A line of plain text that calls nobody."""
    text = _MARKS.sub(r"\\\1", line_of(told))
    body = {"content": text, "allowed_mentions": {"parse": []}, "flags": _NO_PREVIEWS}
    return Post(url, msgspec.json.encode(body))
