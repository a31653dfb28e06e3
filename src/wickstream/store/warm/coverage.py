"""Which minutes the warm tier holds."""

from collections.abc import Sequence

from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.warm.database import connect

_CLOSED = """
SELECT symbol, count(*) FROM candles
WHERE symbol = ANY(%s) AND "interval" = '1m' AND closed AND open_time >= %s AND open_time < %s
GROUP BY symbol
"""


def incomplete_symbols(settings: Settings, symbols: Sequence[str], *, start_ms: int, end_ms: int) -> list[str]:
    """Those of these symbols that lack a closed candle for some minute from `start_ms` to before `end_ms`.

    Raises:
        StoreBusy: If PostgreSQL cannot be asked now.
    """
    with connect(settings) as conn:
        closed: dict[str, int] = dict(conn.execute(_CLOSED, (list(symbols), start_ms, end_ms)).fetchall())
    return [symbol for symbol in symbols if closed.get(symbol, 0) < (end_ms - start_ms) // MINUTE_MS]
