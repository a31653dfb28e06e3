"""What somebody missed who comes again: trades by id from what is kept, alerts from the newest ones."""

import asyncio
from collections.abc import Iterable, Sequence

from wickstream.bus.codec import encode
from wickstream.errors import WickstreamError
from wickstream.serve.live import frames
from wickstream.serve.live.cursor import Cursor
from wickstream.serve.live.messages import Message
from wickstream.serve.live.names import ALERTS, parse_stream
from wickstream.serve.reader import Reader
from wickstream.store.series.alert_series import AlertQuestion

PAGE = 1_000
MOST_ALERTS = 500
TOLD_WITHIN_MS = 120_000  # an alert's time is its minute's, and what is later than that is told in another order
MOST_TRADES = 10_000  # of a stream; who missed more reads them by range


async def missed(
    reader: Reader, kept_alerts: Iterable[tuple[str, Message]], cursor: Cursor, streams: Iterable[str]
) -> tuple[list[Message], list[str]]:
    """Messages in order, of each stream behind the cursor; and streams of which nobody can tell now."""
    messages: list[Message] = []
    untold: list[str] = []
    found: Sequence[Message] | None
    for stream in streams:
        if stream == ALERTS:
            found = await _alerts_after(reader, kept_alerts, cursor.last_alert)
        else:
            found = await _trades_after(reader, stream, cursor.last_id(stream))
        messages += found or ()
        if found is None:
            untold.append(stream)
    return messages, untold


async def _trades_after(reader: Reader, stream: str, last_id: int | None) -> list[Message] | None:
    name = parse_stream(stream)
    if last_id is None or name is None or name.symbol is None:
        return []
    found: list[Message] = []
    for _ in range(MOST_TRADES // PAGE):
        try:
            page = await reader.trades(name.symbol, from_id=last_id + 1, limit=PAGE)
        except WickstreamError:
            return found or None
        found += [Message(stream, frames.trade(trade)) for trade in page.trades]
        if len(page.trades) < PAGE:
            break
        last_id = page.trades[-1].trade_id
        await asyncio.sleep(0)
    return found


async def _alerts_after(
    reader: Reader, kept: Iterable[tuple[str, Message]], last: tuple[int, str] | None
) -> Sequence[Message] | None:
    """From the worker's newest; else, as after a restart, from what is stored, and a few may have been heard."""
    if last is None:
        return []
    at_ms, last_id = last
    newest = list(kept)
    for number, (alert_id, _) in enumerate(newest):
        if alert_id == last_id:
            return [message for _, message in newest[number + 1 :]]
    try:
        page = await reader.alerts.read(AlertQuestion(MOST_ALERTS, late=False, start=at_ms - TOLD_WITHIN_MS))
    except WickstreamError:
        return None
    return [Message(ALERTS, encode(alert)) for alert in reversed(page.alerts) if alert.alert_id != last_id]
