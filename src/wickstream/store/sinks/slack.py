"""Slack's incoming webhooks, and what understands the same."""

import msgspec

from wickstream.events import Tellable
from wickstream.store.sinks.message import line_of
from wickstream.store.sinks.post import Post

# The three characters that Slack reads as its own: `<!channel>` would call everybody.
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def slack_post(told: Tellable, url: str) -> Post:
    """A line of plain text."""
    text = line_of(told).translate(_ESCAPED)
    return Post(url, msgspec.json.encode({"text": text, "mrkdwn": False, "unfurl_links": False}))
