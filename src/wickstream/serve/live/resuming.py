"""What somebody missed who comes again: trades by id from what is kept, alerts from the newest ones."""

import asyncio
from collections.abc import Iterable, Sequence

from wickstream.errors import WickstreamError
from wickstream.serve.live import frames
from wickstream.serve.live.cursor import Cursor
from wickstream.serve.live.messages import Message
from wickstream.serve.live.names import ALERTS, parse_stream
from wickstream.serve.reader import Reader

PAGE = 1_000
MOST_TRADES = 10_000  # of a stream; who missed more reads them by range


async def missed(
    reader: Reader, kept_alerts: Iterable[tuple[str, Message]], cursor: Cursor, streams: Iterable[str]
) -> tuple[list[Message], list[str]]:
    """Messages in order, of each stream behind the cursor; and streams of which nobody can tell now."""
    messages: list[Message] = []
    untold: list[str] = []
    for stream in streams:
        if stream == ALERTS:
            found = _alerts_after(kept_alerts, cursor.last_alert)
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


def _alerts_after(kept: Iterable[tuple[str, Message]], last: str | None) -> Sequence[Message] | None:
    ids = list(kept)
    if last is None:
        return []
    for number, (alert_id, _) in enumerate(ids):
        if alert_id == last:
            return [message for _, message in ids[number + 1 :]]
    return None
