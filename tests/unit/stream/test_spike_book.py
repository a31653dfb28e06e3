"""Each spike is told once while its minute goes on, and once for each form of the closed minute."""

import random
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wickstream.candle import Candle, Origin
from wickstream.events import Alert, AlertType, Gap, GapStatus
from wickstream.stream.spike_book import SpikeBook
from wickstream.stream.thresholds import ThresholdRow

MINUTE = 1_700_000_040_000
ROW = ThresholdRow("BTCUSDT", Decimal(1), Decimal(100_000), Decimal(1_000_000), Decimal(2))
NOW = MINUTE + 59_000


def a_candle(*, high: str = "100", low: str = "100", quote_volume: str = "5", **own: Any) -> Candle:
    values: dict[str, Any] = {
        "symbol": "BTCUSDT", "interval": "1m", "open_time": MINUTE, "close_time": MINUTE + 59_999,
        "open": Decimal(100), "high": Decimal(high), "low": Decimal(low), "close": Decimal(100), "volume": Decimal(1),
        "quote_volume": Decimal(quote_volume), "trade_count": 10, "taker_buy_volume": Decimal(0),
        "taker_buy_quote_volume": Decimal(0), "first_trade_id": 100, "last_trade_id": 109, "closed": False,
        "revision": 0, "origin": Origin.TRADES, "published_at": 0,
    }  # fmt: skip
    return Candle(**(values | own))


def a_hole(first: int, last: int) -> Gap:
    return Gap("BTCUSDT", first, last, None, MINUTE, GapStatus.OPEN)


def take(book: SpikeBook, *candles: Candle, holes: tuple[Gap, ...] = (), now_ms: int = NOW) -> list[Alert]:
    return [alert for candle in candles for alert in book.take(candle, ROW, holes, now_ms=now_ms)]


def test_a_price_spike_is_the_largest_move_away_from_the_open_up_or_down() -> None:
    (up,) = take(SpikeBook(), a_candle(high="102.01", low="99", close=Decimal("101")))
    (down,) = take(SpikeBook(), a_candle(high="101", low="97.5"))
    assert (up.type, up.value, up.threshold, up.final) == (AlertType.PRICE_SPIKE, Decimal("2.01"), Decimal(2), False)
    assert up.alert_id == f"price_spike:BTCUSDT:{MINUTE}"
    assert (up.facts["direction"], up.facts["change_pct"]) == ("up", "1.0000")
    assert (down.value, down.facts["direction"]) == (Decimal("2.5"), "down")
    assert not take(SpikeBook(), a_candle(high="102", low="98"))


def test_a_volume_spike_is_measured_in_dollars_and_of_unknown_money_there_is_none() -> None:
    (alert,) = take(SpikeBook(), a_candle(quote_volume="1000000.01"))
    assert (alert.type, alert.value) == (AlertType.VOLUME_SPIKE, Decimal("1000000.01"))
    assert (alert.facts["close"], alert.facts["change_pct"]) == ("100.00000000", "0.0000")
    in_bitcoin = ThresholdRow("BTCUSDT", Decimal(60_000), ROW.whale_usd, ROW.volume_spike_usd, ROW.price_spike_pct)
    of_unknown = ThresholdRow("BTCUSDT", None, ROW.whale_usd, ROW.volume_spike_usd, ROW.price_spike_pct)
    large = a_candle(quote_volume="17")
    assert [a.value for a in SpikeBook().take(large, in_bitcoin, (), now_ms=NOW)] == [Decimal(1_020_000)]
    assert not list(SpikeBook().take(a_candle(quote_volume="9" * 20), of_unknown, (), now_ms=NOW))


def test_a_minute_is_told_when_it_crosses_when_it_closes_and_when_it_is_revised_even_if_it_no_longer_crosses() -> None:
    book, high = SpikeBook(), {"high": "103", "low": "100"}
    grown = a_candle(**high, trade_count=11)
    closed, revised = a_candle(**high, closed=True), a_candle(closed=True, revision=1)
    told = take(book, a_candle(**high), grown, closed, grown, closed, revised, revised)
    assert [alert.version for alert in told] == [(False, 0, 10), (True, 0, 10), (True, 1, 10)]
    assert len({alert.alert_id for alert in told}) == 1
    assert told[-1].value == 0


def test_a_closed_minute_that_never_crossed_is_not_told_until_its_repair_crosses() -> None:
    book = SpikeBook()
    assert not take(book, a_candle(closed=True))
    (alert,) = take(book, a_candle(high="103", closed=True, revision=1))
    assert alert.version == (True, 1, 10)


def test_beside_an_open_hole_a_minute_waits_until_it_is_closed() -> None:
    spike = a_candle(high="103")
    for hole in (a_hole(90, 99), a_hole(110, 110), a_hole(104, 105), a_hole(1, 500)):
        book = SpikeBook()
        assert not take(book, spike, holes=(hole,))
        (alert,) = take(book, a_candle(high="104", closed=True, revision=1), holes=(hole,))
        assert alert.final
    halt = Gap("BTCUSDT", None, None, MINUTE, MINUTE, GapStatus.OPEN)
    assert take(SpikeBook(), spike, holes=(a_hole(90, 98), a_hole(111, 120), halt))


def test_a_kline_that_fills_history_is_no_news_until_its_trades_are_here() -> None:
    book = SpikeBook()
    past: dict[str, Any] = {"high": "150", "closed": True}

    assert not take(book, a_candle(**past, origin=Origin.ARCHIVE, first_trade_id=None, last_trade_id=None))
    assert [alert.type for alert in take(book, a_candle(**past, revision=1))] == [AlertType.PRICE_SPIKE]


def test_a_minute_that_ended_over_a_minute_ago_is_late() -> None:
    closed = a_candle(high="103", closed=True)
    assert [a.late for a in take(SpikeBook(), closed, now_ms=closed.close_time + 60_000)] == [False]
    assert [a.late for a in take(SpikeBook(), closed, now_ms=closed.close_time + 60_001)] == [True]


@given(st.integers(0, 2**32), st.integers(0, 12))
def test_restarts_and_repeats_change_nothing(seed: int, restart_at: int) -> None:
    chance = random.Random(seed)
    growing = [a_candle(high=str(100 + i), trade_count=10 + i) for i in range(5)]
    forms = [*growing, a_candle(high="104", closed=True), a_candle(high="104", closed=True, revision=1)]
    repeated = [form for place, form in enumerate(forms) for form in (form, *chance.sample(forms[: place + 1], 1))]
    book, told = SpikeBook(), []
    for number, form in enumerate(repeated):
        if number == restart_at:
            book = SpikeBook(book.carried())
        told += take(book, form)
    assert [alert.version[:2] for alert in told] == [(False, 0), (True, 0), (True, 1)]
