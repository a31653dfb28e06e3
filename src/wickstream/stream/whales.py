"""Single large trades to alerts. Pure: DataFrames in, a DataFrame out; needs neither state nor a shuffle."""

from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from wickstream.bus.codec import SCHEMA_VERSION
from wickstream.events import Alert, AlertType
from wickstream.quotes import USD_LIKES

LATE_MS = 60_000

# As `quotes.quote_asset`, but for dollars only. Of two assets the one that begins first is the longer.
_IN_DOLLARS = rf".({'|'.join(USD_LIKES)})(_|$)"

# At least eight decimals, and more only where they are not zero: as our other records have it.
_PADDING = r"(\.[0-9]{8}[0-9]*?)0+$"


def whales(trades: DataFrame, table: DataFrame, *, whale_usd: Decimal) -> DataFrame:
    """The trades above their symbol's threshold, with the columns of `Alert`.

    `table`: as of `ThresholdTable.read`; a symbol that is not in it yet is measured by `whale_usd` if it is
    quoted in dollars, else never. Off-book trades give no alert.
    """
    known = trades.where("counts").join(F.broadcast(table), "symbol", "left").withColumns(_measures(whale_usd))
    quote_value = F.col("price") * F.col("quantity")
    return known.where(quote_value * F.col("rate") > F.col("threshold")).select(
        F.concat_ws(":", F.lit(AlertType.WHALE), "symbol", "trade_id").alias("alert_id"),
        F.lit(AlertType.WHALE).alias("type"),
        "symbol",
        F.col("traded_at_ms").alias("at"),
        (quote_value * F.col("rate")).alias("value"),
        "threshold",
        F.struct(*_facts(quote_value)).alias("facts"),
        (_now_ms() - F.col("traded_at_ms") > LATE_MS).alias("late"),
        F.lit(True).alias("final"),  # noqa: FBT003
        F.lit(0).alias("revision"),
        F.lit(1).alias("trade_count"),
    )


def to_records(alerts: DataFrame) -> DataFrame:
    """Alerts as Kafka records: `key`, `value` (decodable as `Alert`) and `headers`."""
    fields = [_as_text(F.col(name)).alias(name) if name in _AMOUNTS else name for name in Alert.__struct_fields__]
    version = F.struct(F.lit("schema_version").alias("key"), F.lit(SCHEMA_VERSION.encode()).alias("value"))
    return alerts.select(
        F.col("symbol").cast("binary").alias("key"),
        F.to_json(F.struct(*fields)).cast("binary").alias("value"),
        F.array(version).alias("headers"),
    )


_AMOUNTS = frozenset({"value", "threshold"})


def _measures(whale_usd: Decimal) -> dict[str, Column]:
    in_dollars = F.nullif(F.regexp_extract("symbol", _IN_DOLLARS, 1), F.lit(""))
    one = F.when(in_dollars.isNotNull(), F.lit(1)).cast("decimal(20,10)")
    return {
        "rate": F.coalesce("usd_per_quote", one),
        "asset": F.coalesce("quote_asset", in_dollars),
        "threshold": F.coalesce("whale_usd", F.lit(whale_usd).cast("decimal(24,8)")),
    }


def _facts(quote_value: Column) -> list[Column]:
    return [
        F.col("trade_id"),
        _as_text(F.col("price")).alias("price"),
        _as_text(F.col("quantity")).alias("quantity"),
        F.when(F.col("is_taker_buy"), "buy").otherwise("sell").alias("side"),
        _as_text(quote_value).alias("quote_value"),
        F.col("asset").alias("quote_asset"),
        _as_text(F.col("rate")).alias("usd_per_quote"),
    ]


def _as_text(amount: Column) -> Column:
    return F.regexp_replace(amount.cast("string"), _PADDING, "$1")


def _now_ms() -> Column:
    """`current_timestamp` stands still for a whole batch, and a batch of Real-Time Mode lasts minutes."""
    return F.reflect(F.lit("java.lang.System"), F.lit("currentTimeMillis")).cast("bigint")
