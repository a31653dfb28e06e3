"""Trades to taker orders: trades of one time and side with consecutive ids. Pure: DataFrames in, a DataFrame out."""

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

# A piece is one trade, or the run with which an earlier batch ended.
_PIECE = {
    "symbol": "STRING",
    "traded_at_ms": "BIGINT",
    "is_taker_buy": "BOOLEAN",
    "first_trade_id": "BIGINT",
    "last_trade_id": "BIGINT",
    "trades": "BIGINT",
    "quantity": "DECIMAL(38,8)",
    "quote_value": "DECIMAL(38,16)",
    "first_price": "DECIMAL(20,8)",
    "last_price": "DECIMAL(20,8)",
}


def pieces(trades: DataFrame) -> DataFrame:
    """Each trade as a piece; off-book ones are left out."""
    columns = {
        "first_trade_id": F.col("trade_id"),
        "last_trade_id": F.col("trade_id"),
        "trades": F.lit(1),
        "quote_value": F.col("price") * F.col("quantity"),
        "first_price": F.col("price"),
        "last_price": F.col("price"),
    }
    return trades.where("counts").select(
        *(columns.get(name, F.col(name)).cast(kind).alias(name) for name, kind in _PIECE.items())
    )


def carried_pieces(session: SparkSession, runs: str) -> DataFrame:
    """The runs with which earlier batches ended, from a JSON list of them."""
    schema = ", ".join(f"{name} {kind}" for name, kind in _PIECE.items())
    return session.range(0, 1, 1, 1).select(F.inline(F.from_json(F.lit(runs), f"ARRAY<STRUCT<{schema}>>")))


def runs(pieces: DataFrame, carried: DataFrame) -> DataFrame:
    """What the pieces of a batch make up together with the carried ones, each trade once.

    Columns: those of a piece, `grew` (it has trades of this batch) and `is_last` (the symbol's next trade may go on
    with it, so it is to be carried).
    """
    told = pieces.withColumn("is_new", F.lit(True)).unionByName(  # noqa: FBT003
        carried.withColumn("is_new", F.lit(False))  # noqa: FBT003
    )
    in_order = Window.partitionBy("symbol").orderBy("first_trade_id", F.desc("trades"))
    earlier = in_order.rowsBetween(Window.unboundedPreceding, -1)
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    all_of_them = in_order.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    before = F.max(F.struct("last_trade_id", "traded_at_ms", "is_taker_buy"))
    return (
        told.withColumns({"before": before.over(earlier), "newest": F.max("last_trade_id").over(all_of_them)})
        .withColumn("run", F.max(F.when(_begins(), F.col("first_trade_id"))).over(so_far))
        .where(~_is_repeated())
        .groupBy("symbol", "run")
        .agg(*_whole())
        .drop("run")
    )


def worth_telling(runs: DataFrame, thresholds: str) -> DataFrame:
    """Those to be carried, and the sweeps above their symbol's threshold, in the quote asset.

    `thresholds`: a JSON object by symbol. Of those it does not name every order is told.
    """
    by_symbol = F.from_json(F.lit(thresholds), "MAP<STRING, DECIMAL(38,16)>")
    is_sweep = F.col("grew") & (F.col("trades") > 1)
    is_large = F.col("quote_value") > F.coalesce(F.try_element_at(by_symbol, F.col("symbol")), F.lit(0))
    return runs.where(F.col("is_last") | (is_sweep & is_large))


def _is_repeated() -> Column:
    """Tell a trade that came before, in this batch or in the carried run."""
    return F.coalesce(F.col("first_trade_id") <= F.col("before")["last_trade_id"], F.lit(False))  # noqa: FBT003


def _begins() -> Column:
    """Tell the first piece of a run from those that go on with what is before them."""
    before = F.col("before")
    is_same_order = (before["traded_at_ms"] == F.col("traded_at_ms")) & (
        before["is_taker_buy"] == F.col("is_taker_buy")
    )
    is_next = before["last_trade_id"] + 1 == F.col("first_trade_id")
    return before.isNull() | (~_is_repeated() & ~(is_same_order & is_next))


def _whole() -> list[Column]:
    """A run, of its pieces."""
    return [
        F.min("traded_at_ms").alias("traded_at_ms"),
        F.bool_and("is_taker_buy").alias("is_taker_buy"),
        F.min("first_trade_id").alias("first_trade_id"),
        F.max("last_trade_id").alias("last_trade_id"),
        *(F.sum(name).alias(name) for name in ("trades", "quantity", "quote_value")),
        F.min_by("first_price", "first_trade_id").alias("first_price"),
        F.max_by("last_price", "first_trade_id").alias("last_price"),
        F.bool_or("is_new").alias("grew"),
        F.bool_or(F.col("last_trade_id") == F.col("newest")).alias("is_last"),
    ]
