"""The exchange's newest word on each symbol."""

from wickstream.store.warm.reads import WarmReader

_STATUSES = """
SELECT DISTINCT ON (symbol) symbol, CASE status WHEN 'listed' THEN 'TRADING' ELSE status END
FROM symbol_events WHERE author = 'exchange' ORDER BY symbol, since DESC
"""


async def read_statuses(warm: WarmReader) -> dict[str, str]:
    """Of those that it was asked about, such as TRADING; `delisted`: it has none of that name any more.

    Raises:
        StoreBusy: If PostgreSQL does not answer.
    """
    return dict(await warm.fetch(_STATUSES, ()))
