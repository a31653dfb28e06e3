"""The rows of the archive's files of trades as columns: a million in a third of a second."""

import io

import polars as pl

from wickstream.binance.frames import AMOUNT_DIGITS, AMOUNT_PLACES, LARGEST_INTEGER, MICROSECONDS_FROM
from wickstream.errors import Corrupted

AMOUNT = pl.Decimal(20, AMOUNT_PLACES)
COLUMNS = {
    "trade_id": pl.Int64(),
    "price": AMOUNT,
    "quantity": AMOUNT,
    "traded_at_ms": pl.Int64(),
    "buyer_is_maker": pl.Boolean(),
}

_READ = {
    "trade_id": pl.Int64,
    "price": pl.String,
    "quantity": pl.String,
    "_quote": pl.String,
    "time": pl.Int64,
    "maker": pl.String,
    "_best": pl.String,
}
# What is finer or larger would be rounded away without a word.
_IS_AMOUNT = rf"^[0-9]{{1,{AMOUNT_DIGITS}}}(\.[0-9]{{0,{AMOUNT_PLACES}}})?$"


def trades_of(block: bytes) -> pl.DataFrame:
    """The trades of whole lines `id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch`, in their order.

    Columns as in `COLUMNS`; times, in ms or µs, come as ms.

    Raises:
        Corrupted: If a line is something else.
    """
    if not block.strip():
        return pl.DataFrame(schema=COLUMNS)
    try:
        rows = pl.read_csv(
            io.BytesIO(block.rstrip()), has_header=False, schema=_READ, columns=[0, 1, 2, 4, 5], quote_char=None
        )
    except pl.exceptions.PolarsError as exc:
        raise Corrupted(f"not rows of trades: {str(exc).partition(chr(10))[0]}") from exc
    _check(rows)
    return rows.select(
        "trade_id",
        pl.col("price", "quantity").cast(AMOUNT),
        traded_at_ms=pl.when(pl.col("time") >= MICROSECONDS_FROM).then(pl.col("time") // 1_000).otherwise("time"),
        buyer_is_maker=pl.col("maker").str.to_lowercase().is_in(["true", "1"]),
    )


def _check(rows: pl.DataFrame) -> None:
    amounts = pl.col("price", "quantity").str.contains(_IS_AMOUNT)
    is_one = pl.all_horizontal(
        amounts,
        pl.col("trade_id").is_between(0, LARGEST_INTEGER),
        pl.col("time").is_between(0, LARGEST_INTEGER),
        pl.col("maker").str.to_lowercase().is_in(["true", "false", "1", "0"]),
    )
    others = rows.filter(~is_one.fill_null(value=False))
    if others.height:
        raise Corrupted(f"not a row of trades: {others.row(0)}")
