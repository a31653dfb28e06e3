from datetime import date
from decimal import Decimal

import pytest

from wickstream.binance.archive import (
    day_of,
    is_header,
    klines_path,
    parse_checksum,
    parse_klines,
    parse_row,
    traded_at_ms,
    trades_path,
)
from wickstream.binance.rest import RestTrade
from wickstream.candle import Origin
from wickstream.errors import Corrupted

MIDNIGHT_MS = 1_723_161_600_000
ROW = b"28457,4.00000100,12.00000000,48.00001200,1723161600007,True,True\n"


def test_a_row_says_what_rest_would_say_of_the_trade() -> None:
    assert parse_row(ROW) == RestTrade(28_457, "4.00000100", "12.00000000", MIDNIGHT_MS + 7, is_buyer_maker=True)


@pytest.mark.parametrize(
    ("text", "value"), [("True", True), ("true", True), ("1", True), ("False", False), ("0", False)]
)
def test_booleans_come_in_several_spellings(text: str, value: bool) -> None:  # noqa: FBT001
    assert parse_row(ROW.replace(b"True,True", f"{text},True".encode())).is_buyer_maker is value


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_lines_end_as_they_like(ending: bytes) -> None:
    assert parse_row(b"1,1.0,1.0,1.0,1723161600007,False" + ending).is_buyer_maker is False


@pytest.mark.parametrize("time", [b"1723161600007", b"1723161600007123"])
def test_times_are_in_ms_or_us(time: bytes) -> None:
    assert traded_at_ms(ROW.replace(b"1723161600007", time)) == MIDNIGHT_MS + 7


@pytest.mark.parametrize("line", [b"1,2,3", b"x,1.0,1.0,1.0,1,True,True", b"1,1.0,1.0,1.0,1,Maybe,True", b"\xff,,,,,,"])
def test_a_row_of_something_else_is_a_corrupted_file(line: bytes) -> None:
    with pytest.raises(Corrupted):
        parse_row(line)


@pytest.mark.parametrize("line", [b"1,2,3", b"1,2,3,4,then,True"])
def test_a_row_without_a_time_is_a_corrupted_file(line: bytes) -> None:
    with pytest.raises(Corrupted):
        traded_at_ms(line)


def test_a_header_begins_with_a_word() -> None:
    assert is_header(b"id,price,qty,quote_qty,time,is_buyer_maker,is_best_match\n")
    assert not is_header(ROW)


def test_a_file_is_found_under_its_symbol_and_its_day_whatever_script_the_symbol_is_in() -> None:
    assert trades_path("BTCUSDT", date(2024, 8, 9)) == "/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-08-09.zip"
    assert trades_path("币安人生USDT", date(2024, 8, 9)).startswith("/data/spot/daily/trades/%E5%B8%81")


def test_a_day_ends_at_midnight_utc() -> None:
    assert [day_of(MIDNIGHT_MS - 1), day_of(MIDNIGHT_MS)] == [date(2024, 8, 8), date(2024, 8, 9)]


def test_a_checksum_is_the_first_word_of_its_file() -> None:
    assert parse_checksum("AB" * 32 + "  BTCUSDT-trades-2024-08-09.zip\n") == "ab" * 32


@pytest.mark.parametrize("text", ["", "<html>not here</html>", "ab" * 31, "ab" * 33])
def test_what_is_no_checksum_is_a_corrupted_file(text: str) -> None:
    with pytest.raises(Corrupted):
        parse_checksum(text)


KLINE = "{open},61837.63,61900.5,61800.1,61850.12,12.5,{close},772000.12345678,875,6.25,386000.5,0\n"


@pytest.mark.parametrize("unit", [1, 1_000])
def test_a_kline_of_the_archive_is_a_closed_candle_without_ids_in_either_unit(unit: int) -> None:
    line = KLINE.format(open=MIDNIGHT_MS * unit, close=(MIDNIGHT_MS + 60_000) * unit - 1).encode()

    (candle,) = parse_klines([b"open_time,open,high\n", line, b"\n"], "BTCUSDT", published_at=MIDNIGHT_MS * 2)

    assert (candle.open_time, candle.close_time) == (MIDNIGHT_MS, MIDNIGHT_MS + 59_999)
    assert (candle.version, candle.origin) == ((0, True, 875), Origin.ARCHIVE)
    assert (candle.first_trade_id, candle.last_trade_id, candle.published_at) == (None, None, MIDNIGHT_MS * 2)
    assert (candle.close, candle.taker_buy_quote_volume) == (Decimal("61850.12"), Decimal("386000.5"))


@pytest.mark.parametrize("line", [b"1,2,3\n", b"1723161600000,NaN" + b",1" * 10, b"1\xff,1\n"])
def test_a_line_of_something_else_is_a_corrupted_file_of_klines(line: bytes) -> None:
    kline = KLINE.format(open=MIDNIGHT_MS, close=MIDNIGHT_MS + 59_999).encode()

    with pytest.raises(Corrupted, match="not a kline"):
        parse_klines([kline, line], "BTCUSDT", published_at=MIDNIGHT_MS * 2)


def test_a_kline_that_is_not_over_is_no_kline_of_the_archive() -> None:
    line = KLINE.format(open=MIDNIGHT_MS, close=MIDNIGHT_MS + 59_999).encode()

    with pytest.raises(Corrupted, match="not over"):
        parse_klines([line], "BTCUSDT", published_at=MIDNIGHT_MS)


def test_klines_lie_beside_trades() -> None:
    assert klines_path("BTCUSDT", date(2024, 8, 9)) == "/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-08-09.zip"
