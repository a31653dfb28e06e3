"""Names of streams: which ones there are here, and of what. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wickstream.candle import INTERVALS
from wickstream.errors import Mistake

ALERTS = "!alerts"
MINI_TICKERS = "!miniTicker@arr"
TRADE, TICKER, MINI_TICKER, KLINE = "trade", "ticker", "miniTicker", "kline"


class StreamName(NamedTuple):
    """What a name asks for; `symbol` and `interval` are None where it is of all."""

    kind: str
    symbol: str | None = None  # as the exchange spells it
    interval: str | None = None


def parse_stream(name: str) -> StreamName | None:
    """`btcusdt@trade`, `btcusdt@kline_5m`, `!alerts`; None if there is no such stream."""
    if name in (ALERTS, MINI_TICKERS):
        return StreamName(name)
    symbol, at, kind = name.partition("@")
    if not symbol or not at or symbol != symbol.lower():
        return None
    if kind in (TRADE, TICKER, MINI_TICKER):
        return StreamName(kind, symbol.upper())
    kind, _, interval = kind.partition("_")
    return StreamName(KLINE, symbol.upper(), interval) if kind == KLINE and interval in INTERVALS else None


def stream_of(symbol: str, kind: str, interval: str | None = None) -> str:
    """The name of a symbol's stream."""
    return f"{symbol.lower()}@{kind}_{interval}" if interval else f"{symbol.lower()}@{kind}"


def streams_of(
    symbols: Iterable[str], *, trades: bool, tickers: bool, klines: Sequence[str], alerts: bool
) -> list[str]:
    """All that is asked for.

    Raises:
        Mistake: If there is no such interval.
    """
    for interval in klines:
        if interval not in INTERVALS:
            raise Mistake(f"no interval {interval}; there are {', '.join(INTERVALS)}")
    streams = []
    for symbol in symbols:
        streams += [stream_of(symbol, kind) for kind, is_wanted in ((TRADE, trades), (TICKER, tickers)) if is_wanted]
        streams += [stream_of(symbol, KLINE, interval) for interval in klines]
    return [*streams, ALERTS] if alerts else streams
