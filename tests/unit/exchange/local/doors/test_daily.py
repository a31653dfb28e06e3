from decimal import Decimal

import pytest

from tests.unit.exchange.local.made_markets import made_world
from wickstream.exchange.local.doors.daily import day_ticker
from wickstream.exchange.local.market.market_plan import MarketPlan

DAY_MS = 86_400_000
WORLD = made_world(MarketPlan(symbols=30, rate=20, seed=7))


@pytest.mark.parametrize("place", [-1, -2, 8, 20])
def test_a_ticker_tells_of_all_trades_of_its_24_hours(place: int) -> None:
    history = list(WORLD.histories.values())[place]
    now_ms = WORLD.starts_at_ms + 1_234_567

    told = day_ticker(history, as_of_ms=now_ms)

    numbers = range(history.before(now_ms - DAY_MS), history.until(now_ms))
    trades = [history.trade(number) for number in numbers]
    assert (told.firstId, told.lastId, told.count) == (trades[0].trade_id, trades[-1].trade_id, len(trades))
    assert Decimal(told.volume).scaleb(8) == sum(trade.quantity for trade in trades)
    assert Decimal(told.quoteVolume).scaleb(16) == sum(trade.quantity * trade.price for trade in trades)
    assert Decimal(told.highPrice).scaleb(8) == max(trade.price for trade in trades)
    assert Decimal(told.lowPrice).scaleb(8) == min(trade.price for trade in trades)
    assert (told.openTime, told.closeTime) == (now_ms - DAY_MS, now_ms)
