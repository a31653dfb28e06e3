"""Rows of the archive as columns say what the rows say one by one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.archive import parse_row
from wickstream.binance.archive_frames import COLUMNS, trades_of
from wickstream.binance.rest import rebuild
from wickstream.errors import Corrupted, MalformedFrame

MIDNIGHT_MS = 1_723_161_600_000
ROW = b"28457,4.00000100,12.00000000,48.00001200,1723161600007,True,True\n"

_amounts = st.tuples(st.integers(0, 10**12 - 1), st.integers(0, 8), st.integers(0, 10**8 - 1)).map(
    lambda a: f"{a[0]}.{a[2]:08}"[: len(str(a[0])) + 1 + a[1]] if a[1] else str(a[0])
)
_times = st.integers(1, 86_400_000).map(lambda ms: MIDNIGHT_MS + ms)
_rows = st.lists(
    st.tuples(
        st.integers(0, 2**63 - 1),
        _amounts,
        _amounts,
        st.one_of(_times, _times.map(lambda ms: ms * 1_000 + 999)),
        st.sampled_from(("True", "true", "1", "False", "false", "0")),
    ),
    max_size=20,
)


@given(_rows, st.sampled_from((b"\n", b"\r\n")))
def test_columns_say_what_rows_say(rows: list[tuple[int, str, str, int, str]], ending: bytes) -> None:
    lines = [f"{i},{p},{q},0.1,{t},{m},True".encode() for i, p, q, t, m in rows]

    frame = trades_of(b"".join(line + ending for line in lines))

    trades = [rebuild(parse_row(line), "BTCUSDT")[0] for line in lines]
    assert frame.schema == COLUMNS
    assert frame.rows() == [tuple(getattr(trade, name) for name in COLUMNS) for trade in trades]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (0, "x"),
        (0, "-1"),
        (0, ""),
        (0, "9223372036854775808"),
        (1, "NaN"),
        (1, "-1.0"),
        (1, "1e3"),
        (1, ""),
        (1, "1.123456789"),
        (2, "1000000000000.0"),
        (4, "then"),
        (4, "-1"),
        (5, "Maybe"),
        (5, '"True"'),
    ],
)
def test_what_no_row_may_say_no_block_may(column: int, text: str) -> None:
    values = ROW.decode().strip().split(",")
    values[column] = text
    line = ",".join(values).encode() + b"\n"

    with pytest.raises((Corrupted, MalformedFrame)):
        rebuild(parse_row(line), "BTCUSDT")
    with pytest.raises(Corrupted):
        trades_of(ROW + line + ROW)


@pytest.mark.parametrize("lines", [b"1,2,3\n", b"\xff\xfe\n", b"<html>\n"])
def test_what_is_no_table_of_trades_is_a_corrupted_file(lines: bytes) -> None:
    with pytest.raises(Corrupted):
        trades_of(ROW + lines)


@pytest.mark.parametrize("block", [b"", b"\n", b"\r\n\n"])
def test_of_nothing_there_are_no_trades(block: bytes) -> None:
    assert trades_of(block).is_empty()
    assert trades_of(ROW + block).item(0, "price") == Decimal("4.000001")
