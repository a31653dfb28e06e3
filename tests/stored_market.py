"""Twenty minutes of a market, written to the real tiers by the code that writes them in service."""

from decimal import Decimal

import msgspec

from tests.sample_market import MIDNIGHT_MS, a_candle, a_ticker
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Trade
from wickstream.store.hot.hour import HotWriter
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.writer import WarmWriter

MINUTES = 20


def closed_candles(symbol: str) -> list[Candle]:
    """A price that wanders, so that charts and roll-ups have something to show."""
    return [_moved(a_candle(minute, symbol=symbol), minute) for minute in range(MINUTES)]


def forming_candle(symbol: str) -> Candle:
    """The minute after the closed ones."""
    return _moved(a_candle(MINUTES, symbol=symbol, closed=False), MINUTES)


def _moved(candle: Candle, minute: int) -> Candle:
    shift = Decimal(minute * 7 % 11 - 5)
    moved = {name: getattr(candle, name) + shift for name in ("open", "high", "low", "close")}
    return msgspec.structs.replace(candle, **moved, quote_volume=candle.quote_volume + 4 * shift)


def store_market(settings: Settings, symbol: str) -> None:
    """Candles into both tiers, the ticker and the forming candle into the live lane."""
    migrate(settings)
    candles = [*closed_candles(symbol), forming_candle(symbol)]
    for writer in (WarmWriter(settings), HotWriter(settings)):
        writer.write(candles)
        writer.close()
    announce_price(settings, symbol, forming_candle(symbol).close)


def announce_price(settings: Settings, symbol: str, price: Decimal) -> None:
    """One more trade in the forming minute, at `price`, as the live lane writes it."""
    forming = forming_candle(symbol)
    at_ms = forming.open_time + 1_000
    trade = Trade(symbol, (forming.last_trade_id or 0) + 1, price, Decimal(1), at_ms, buyer_is_maker=False)
    candle = msgspec.structs.replace(
        forming,
        close=price,
        high=max(price, forming.high),
        trade_count=forming.trade_count + 1,
        last_trade_id=trade.trade_id,
    )
    ticker = msgspec.structs.replace(a_ticker(symbol), last_trade_id=trade.trade_id)
    lane = LiveWriter(settings)
    lane.write([Change(symbol, ticker, trade, candle)], Clock(at_ms, MIDNIGHT_MS + MINUTE_MS, at_ms))
    lane.close()
