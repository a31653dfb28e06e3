from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.exchange.local.made_markets import NOW_MS, made_world
from wickstream.binance.shapes import Kline
from wickstream.exchange.local.doors.klines import Grid, klines
from wickstream.exchange.local.market import anchor
from wickstream.exchange.local.market.history import History
from wickstream.exchange.local.market.market_plan import MarketPlan
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files, read_recording
from wickstream.exchange.local.market.reference import ReferenceCandle, reference_candles
from wickstream.exchange.local.market.world import World

MINUTE_MS = 60_000
WORLD = made_world(MarketPlan(symbols=30, rate=20, seed=7))
FILES = ReplayPlan(demo_files(), demo=True)
RECORDING = read_recording(FILES.files)
DEMO = World(RECORDING, anchor.decide(RECORDING, FILES, now_ms=NOW_MS), FILES)


def _as_reference(kline: Kline) -> ReferenceCandle:
    return ReferenceCandle(
        open_time=kline.open_time,
        open=Decimal(kline.open),
        high=Decimal(kline.high),
        low=Decimal(kline.low),
        close=Decimal(kline.close),
        volume=Decimal(kline.volume),
        quote_volume=Decimal(kline.quote_volume),
        trade_count=kline.trades,
        taker_buy_volume=Decimal(kline.taker_buy_volume),
        taker_buy_quote_volume=Decimal(kline.taker_buy_quote_volume),
        first_trade_id=kline.first_trade_id if kline.trades else None,
        last_trade_id=kline.last_trade_id if kline.trades else None,
    )


def _klines(history: History, start_ms: int, end_ms: int) -> list[ReferenceCandle]:
    rows = klines(history, Grid("1m"), start_ms=start_ms, end_ms=end_ms - 1, limit=1_000, now_ms=end_ms)
    return [_as_reference(row) for row in rows]


@settings(max_examples=60)
@given(st.sampled_from(sorted(WORLD.histories)), st.integers(-200, 400), st.integers(1, 12))
def test_klines_of_a_made_up_market_are_the_reference(symbol: str, minute: int, count: int) -> None:
    history = WORLD.histories[symbol]
    start_ms = WORLD.starts_at_ms // MINUTE_MS * MINUTE_MS + minute * MINUTE_MS
    end_ms = start_ms + count * MINUTE_MS

    reference = list(reference_candles(history, start_ms=start_ms, end_ms=end_ms))

    assert reference == _klines(history, start_ms, end_ms)
    assert len(reference) <= count


@settings(max_examples=20)
@given(st.integers(0, 30), st.integers(1, 5))
def test_klines_of_a_recording_are_the_reference(minute: int, count: int) -> None:
    start_ms = DEMO.starts_at_ms // MINUTE_MS * MINUTE_MS + minute * MINUTE_MS
    for history in DEMO.histories.values():
        reference = list(reference_candles(history, start_ms=start_ms, end_ms=start_ms + count * MINUTE_MS))
        assert len(reference) == count
        assert reference == _klines(history, start_ms, start_ms + count * MINUTE_MS)


def test_a_minute_that_was_all_a_halt_has_no_candle_and_a_quiet_one_has() -> None:
    symbol = next(symbol for symbol, career in WORLD.recording.careers.items() if career.halts)
    [halt] = WORLD.recording.careers[symbol].halts
    first_ms = -(-(WORLD.starts_at_ms + halt.start_ms) // MINUTE_MS) * MINUTE_MS
    quiet = list(WORLD.histories.values())[-1]

    around = reference_candles(WORLD.histories[symbol], start_ms=first_ms - MINUTE_MS, end_ms=first_ms + MINUTE_MS)
    flat = list(reference_candles(quiet, start_ms=first_ms, end_ms=first_ms + 3_600_000))

    assert [candle.open_time for candle in around] == [first_ms - MINUTE_MS]
    assert len(flat) == 60
    assert sum(candle.trade_count == 0 for candle in flat) > 30


def test_a_symbol_has_no_candle_before_its_listing_and_after_its_delisting() -> None:
    for symbol, career in WORLD.recording.careers.items():
        history = WORLD.histories[symbol]
        day = list(reference_candles(history, start_ms=WORLD.starts_at_ms, end_ms=WORLD.starts_at_ms + 900_000))
        if career.listed_at_ms is not None:
            assert day[0].first_trade_id == 0
            assert day[0].open_time + MINUTE_MS > WORLD.starts_at_ms + career.listed_at_ms
        if career.delisted_at_ms is not None:
            assert day[-1].open_time < WORLD.starts_at_ms + career.delisted_at_ms
