import pytest

from wickstream.candle import INTERVALS
from wickstream.serve.live.names import ALERTS, KLINE, MINI_TICKERS, StreamName, parse_stream, stream_of


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("btcusdt@trade", StreamName("trade", "BTCUSDT")),
        ("btcusdt@ticker", StreamName("ticker", "BTCUSDT")),
        ("btcusdt@miniTicker", StreamName("miniTicker", "BTCUSDT")),
        ("btcusdt@kline_1M", StreamName("kline", "BTCUSDT", "1M")),
        ("这是测试币456@trade", StreamName("trade", "这是测试币456")),
        ("!alerts", StreamName(ALERTS)),
        ("!miniTicker@arr", StreamName(MINI_TICKERS)),
    ],
)
def test_a_name_says_what_is_asked_for(name: str, meant: StreamName) -> None:
    assert parse_stream(name) == meant


@pytest.mark.parametrize(
    "name", ["", "btcusdt", "@trade", "BTCUSDT@trade", "btcusdt@depth", "btcusdt@kline_7m", "!x@arr"]
)
def test_there_are_no_other_streams(name: str) -> None:
    assert parse_stream(name) is None


@pytest.mark.parametrize("interval", INTERVALS)
def test_there_is_a_kline_stream_of_every_interval(interval: str) -> None:
    assert parse_stream(stream_of("BTCUSDT", KLINE, interval)) == StreamName(KLINE, "BTCUSDT", interval)
