from datetime import date

import pytest

from wickstream.binance.archive import day_of, is_header, parse_checksum, parse_row, traded_at_ms, trades_path
from wickstream.binance.rest import RestTrade
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
