"""The generic webhook: the alert as it is in the topic, and the line for people beside it."""

from urllib.parse import quote

import msgspec

from wickstream.bus.codec import encode
from wickstream.events import Alert
from wickstream.store.sinks.message import line_of
from wickstream.store.sinks.post import Post


def webhook_post(alert: Alert, url: str) -> Post:
    """Carries `Idempotency-Key`, by which a receiver knows what comes a second time after a crash."""
    body = msgspec.json.decode(encode(alert), type=dict[str, msgspec.Raw])
    value = msgspec.json.encode(body | {"text": line_of(alert)})
    return Post(url, value, {"Idempotency-Key": quote(alert.alert_id, safe=":-")})
