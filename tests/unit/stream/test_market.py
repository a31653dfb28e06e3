"""What alerts know of the market: prices, usual minutes, open holes."""

from decimal import Decimal

import msgspec

from tests.candles import minute
from tests.conftest import IsolatedSettings
from wickstream.events import Gap, GapStatus
from wickstream.stream.market import Market
from wickstream.stream.thresholds import ThresholdRow
from wickstream.threshold_settings import AlertMode

SETTINGS = IsolatedSettings(ticker_symbols=("ETHBTC",))


def test_the_newest_minutes_price_counts_also_when_an_older_one_comes_later() -> None:
    market = Market(SETTINGS)
    market.take_candle(minute("BTCUSDT", 5, close=Decimal(60_000), closed=False))
    market.take_candle(minute("BTCUSDT", 5, close=Decimal(64_000), closed=False))
    market.take_candle(minute("BTCUSDT", 4, close=Decimal(1)))
    assert {row.symbol: row.usd_per_quote for row in market.thresholds()} == {"BTCUSDT": 1, "ETHBTC": 64_000}


def test_in_adaptive_mode_closed_minutes_become_thresholds_when_they_are_looked_at() -> None:
    market = Market(IsolatedSettings(ticker_symbols=("BTCUSDT",), alert_mode=AlertMode.ADAPTIVE))
    for number in range(60):
        market.take_candle(minute("BTCUSDT", number, quote_volume=Decimal(3_000_000)))
    market.take_candle(minute("BTCUSDT", 60, quote_volume=Decimal(7), closed=False))
    (before,) = market.thresholds()
    market.learn_usual_minutes()
    (after,) = market.thresholds()
    assert before == ThresholdRow("BTCUSDT", Decimal(1), Decimal(100_000), Decimal(1_000_000), Decimal(2))
    assert (after.whale_usd, after.volume_spike_usd) == (Decimal(3_000_000), Decimal(3_000_000))


def gap(first: int | None, status: GapStatus = GapStatus.OPEN, *, open_time: int | None = None) -> Gap:
    last = None if first is None else first + 5
    return Gap("BTCUSDT", first, last, open_time, 1, status)


def test_a_hole_is_open_until_the_newest_entry_of_its_key_says_otherwise() -> None:
    market = Market(SETTINGS)
    for entry in (gap(10), gap(30), gap(None, GapStatus.HALTED, open_time=7)):
        market.take_gap(entry)
    shorter = msgspec.structs.replace(gap(10), last_trade_id=12)
    market.take_gap(shorter)
    assert set(market.open_holes("BTCUSDT")) == {shorter, gap(30)}
    for status, first in ((GapStatus.REPAIRED, 10), (GapStatus.ABSENT, 30)):
        market.take_gap(gap(first, status))
    assert market.open_holes("BTCUSDT") == market.open_holes("ETHBTC") == ()
    market.take_gap(gap(30))
    assert market.open_holes("BTCUSDT") == (gap(30),)
