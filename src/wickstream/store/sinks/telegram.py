"""Telegram's Bot API."""

import msgspec

from wickstream.events import Tellable
from wickstream.store.sinks.message import line_of
from wickstream.store.sinks.post import Post


def telegram_post(told: Tellable, *, api_url: str, token: str, chat_id: str) -> Post:
    """A line of plain text: without a parse mode nothing in it means anything."""
    body = {"chat_id": chat_id, "text": line_of(told), "link_preview_options": {"is_disabled": True}}
    return Post(f"{api_url}/bot{token}/sendMessage", msgspec.json.encode(body))
