"""The generic webhook: the alert as it is in the topic, or the notice, and the line for people beside it."""

from urllib.parse import quote

import msgspec

from wickstream.bus.codec import encode
from wickstream.events import Notice, Tellable
from wickstream.store.sinks.message import id_of, line_of
from wickstream.store.sinks.post import Post


def webhook_post(told: Tellable, url: str) -> Post:
    """Carries `Idempotency-Key`, by which a receiver knows what comes a second time after a crash."""
    record = msgspec.json.encode(told) if isinstance(told, Notice) else encode(told)
    body = msgspec.json.decode(record, type=dict[str, msgspec.Raw])
    value = msgspec.json.encode(body | {"text": line_of(told)})
    return Post(url, value, {"Idempotency-Key": quote(id_of(told), safe=":-")})
