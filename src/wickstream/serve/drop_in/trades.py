"""Single trades: the newest ones, and those from an id on."""

from decimal import ROUND_HALF_EVEN

from wickstream.binance import questions
from wickstream.binance.frames import LARGEST_INTEGER
from wickstream.binance.shapes import ApiError, PublicTrade
from wickstream.candle import EIGHT_PLACES, EXACT, plain
from wickstream.events import Trade
from wickstream.serve.drop_in.door import Asked, Endpoint, Said


async def newest(asked: Asked) -> Said:
    """The newest `limit`."""
    return await _read(asked, await asked.symbol(), from_id=None)


async def historical(asked: Asked) -> Said:
    """From `fromId` on; without it the newest."""
    name, from_id = await asked.symbol(), questions.number(asked.query, "fromId")
    if from_id is not None and from_id > LARGEST_INTEGER:
        return Said([], complete=True)
    return await _read(asked, name, from_id=from_id)


async def _read(asked: Asked, name: str, *, from_id: int | None) -> Said:
    found = await asked.reader.trades(name, from_id=from_id, limit=questions.limit(asked.query))
    if from_id is not None and not found.trades and found.missing:
        raise ApiError(-1130, await _not_held(asked, name, from_id))
    return Said([as_told(trade) for trade in found.trades if trade.counts], found.complete)


async def _not_held(asked: Asked, name: str, from_id: int) -> str:
    """Which ids are, as far as the oldest closed candle tells it."""
    oldest = await asked.reader.klines(name, "1m", start=0, end=None, limit=1, closed_only=True, as_known_at=None)
    first = next((candle.first_trade_id for candle in oldest.candles), None)
    held = "none" if first is None else f"those from about {first} on"
    return f"Data sent for parameter 'fromId' is not valid. Of {name} id {from_id} is not held here, {held} are."


def as_told(trade: Trade) -> dict[str, object]:
    """As the exchange tells it; what it is worth is shown with eight places."""
    worth = EXACT.multiply(trade.price, trade.quantity).quantize(EIGHT_PLACES, ROUND_HALF_EVEN, EXACT)
    return PublicTrade(
        trade.trade_id,
        plain(trade.price),
        plain(trade.quantity),
        plain(worth),
        trade.traded_at_ms,
        trade.buyer_is_maker,
    ).rest()


TRADES = Endpoint("trades", newest, ("symbol", "limit"))
HISTORICAL_TRADES = Endpoint("historicalTrades", historical, ("symbol", "limit", "fromId"))
