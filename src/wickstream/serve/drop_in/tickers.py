"""Prices as they are now, and over the last 24 hours."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from wickstream.binance import questions
from wickstream.binance.shapes import ApiError, told_of_day
from wickstream.candle import EIGHT_PLACES, EXACT, Candle, plain
from wickstream.serve.drop_in.door import Asked, Endpoint, Said, unanswered

AVERAGED_MINUTES = 5


async def day(asked: Asked) -> Said:
    """What the exchange's newest `@ticker` said; symbols of which none came within a day are not in a list."""
    is_mini = questions.kind(asked.query) == "MINI"
    names = await _wanted(asked)
    frames = await asked.reader.exchange.tickers(names)
    rows = [told_of_day(msgspec.json.decode(frames[name]), mini=is_mini) for name in names if name in frames]
    return _one_or_all(asked, rows)


async def price(asked: Asked) -> Said:
    """The last trade's; a symbol that was not heard of is not in a list."""
    names = await _wanted(asked)
    board = await asked.reader.board()
    prices = {row.symbol: row.last_price for row in board.rows}
    known = {name: price for name in names if (price := prices.get(name)) is not None}
    return _one_or_all(asked, [{"symbol": name, "price": plain(price)} for name, price in known.items()])


async def average(asked: Asked) -> Said:
    """By volume over the newest five minutes that we know, the forming one among them; of quiet ones the last price."""
    name = await asked.symbol()
    series = await asked.reader.klines(
        name, "1m", start=None, end=None, limit=AVERAGED_MINUTES, closed_only=False, as_known_at=None
    )
    if not series.candles or series.as_of_ms is None:
        raise unanswered(f"no trade of {name} was heard within a day")
    answer = {"mins": AVERAGED_MINUTES, "price": _average(list(series.candles)), "closeTime": series.as_of_ms}
    return Said(answer, series.complete)


def _average(minutes: Sequence[Candle]) -> str:
    quote = volume = EXACT.create_decimal(0)
    for minute in minutes:
        quote, volume = EXACT.add(quote, minute.quote_volume), EXACT.add(volume, minute.volume)
    return plain(EXACT.quantize(EXACT.divide(quote, volume), EIGHT_PLACES) if volume else minutes[-1].close)


async def _wanted(asked: Asked) -> Sequence[str]:
    names, status = await asked.symbols(), questions.status(asked.query)
    followed: Collection[str] = sorted(await asked.reader.known_symbols()) if names is None else names
    if status is None:
        return list(followed)
    statuses = await asked.reader.exchange.statuses()
    kept = [name for name in followed if statuses.get(name) == status]
    if names is not None and len(kept) < len(followed):
        raise ApiError(-1220, "The symbol's status does not match the requested symbolStatus.")
    return kept


def _one_or_all(asked: Asked, rows: list[dict[str, Any]]) -> Said:
    if "symbol" not in asked.query:
        return Said(rows)
    if not rows:
        raise unanswered(f"nothing was heard of {asked.query['symbol']} within a day")
    return Said(rows[0])


DAY = Endpoint("ticker/24hr", day, ("symbol", "symbols", "type", "symbolStatus"))
PRICE = Endpoint("ticker/price", price, ("symbol", "symbols", "symbolStatus"))
AVERAGE = Endpoint("avgPrice", average, ("symbol",))
