"""A minute is proven by its trades when no id is missing from one before it to one after it."""

import pytest

from tests.stored_trades import BEGIN_MS, MINUTES, QUIET, made_market
from wickstream.events import MINUTE_MS
from wickstream.operate.restoring.traded import traded_minutes

MARKET = made_market("BTCUSDT", seed=1)
TIMES = [candle.open_time for candle in MARKET.candles]
EXPECTED = {candle.open_time: candle for candle in MARKET.candles}


def test_all_minutes_of_a_whole_market_are_proven_quiet_ones_too() -> None:
    assert traded_minutes("BTCUSDT", MARKET.trades, TIMES) == EXPECTED
    assert len(TIMES) == MINUTES


@pytest.mark.parametrize("number", [0, 1, QUIET - 1, QUIET, 60, MINUTES - 1])
def test_the_minutes_beside_a_missing_trade_are_not_proven_and_all_others_are(number: int) -> None:
    first = EXPECTED[TIMES[number]].first_trade_id
    trades = MARKET.trades.filter(MARKET.trades["trade_id"] != first)
    found = traded_minutes("BTCUSDT", trades, TIMES)
    assert TIMES[number] not in found
    missing = EXPECTED.keys() - found.keys()
    assert max(abs(at - TIMES[number]) for at in missing) <= 2 * MINUTE_MS
    assert found.items() <= EXPECTED.items()


def test_at_the_ends_of_what_is_known_nothing_is_proven() -> None:
    inside = MARKET.trades.filter(
        MARKET.trades["traded_at_ms"].is_between(BEGIN_MS, BEGIN_MS + MINUTES * MINUTE_MS - 1)
    )
    found = traded_minutes("BTCUSDT", inside, TIMES)
    assert EXPECTED.keys() - found.keys() == {TIMES[0], TIMES[-1]}
    assert traded_minutes("BTCUSDT", inside.clear(), TIMES) == {}
