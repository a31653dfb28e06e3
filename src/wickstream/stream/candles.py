"""Trades and minute marks to candles. Pure: DataFrames in, a DataFrame out; the same as a stream and in batch."""

from datetime import timedelta
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from wickstream.bus.codec import SCHEMA_VERSION
from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES
from wickstream.candle import Candle, Origin
from wickstream.events import MINUTE_MS
from wickstream.stream import amounts
from wickstream.stream.layout import trade_in_place

_TRADE_JSON = "s STRING, t BIGINT, p STRING, q STRING, T BIGINT, m BOOLEAN, X STRING"
_MARK_JSON = (
    "symbol STRING, open_time BIGINT, first_trade_id BIGINT, last_trade_id BIGINT, "
    "trade_count BIGINT, id_sum BIGINT, id_hash BIGINT, close STRING"
)

# As milliseconds this is the year 5138, so from here on the exchange means microseconds.
_FIRST_MICROSECOND = 100_000_000_000_000


def trades_from_raw(raw: DataFrame) -> DataFrame:
    """The well-formed trades in the `value`s of `raw_trades`, spot and USD-M; others are left out.

    Columns: `symbol, traded_at_ms, open_time` (ms, of the trade's minute)`, trade_id, price, quantity` (decimals)`,
    price_units, quantity_units` (of 1e-8)`, is_taker_buy, counts`.
    """
    fields = _once(raw, _parsed_trade().alias("trade")).select("trade.*")
    return (
        _once(fields, *_TRADE_WORDS, *_trade_amounts())
        .where(_is_trade())
        .select(
            F.col("s").alias("symbol"),
            _traded_at_ms().alias("traded_at_ms"),
            _minute_of(_traded_at_ms()).alias("open_time"),
            amounts.amount(F.col("price_units")).alias("price"),
            amounts.amount(F.col("quantity_units")).alias("quantity"),
            *_trade_facts(),
        )
    )


def marks_from_raw(raw: DataFrame) -> DataFrame:
    """The well-formed records in the `value`s of `minute_marks`; others are left out."""
    fields = _once(raw, _parsed_mark().alias("mark")).select("mark.*")
    return (
        fields.withColumn("close_units", amounts.units(F.col("close")))
        .where(_is_mark())
        .select("symbol", "open_time", *_mark_facts())
    )


def trades_and_marks(raw: DataFrame) -> DataFrame:
    """What both functions above make of the `value`s of both topics, told apart by `topic`: rows for `candles`.

    One source of both: of two the driver would plan, and hand out, half as much again for each batch.
    """
    trade = _parsed_trade(by_json=F.col("topic") == RAW_TRADES).alias("trade")
    mark = F.when(F.col("topic") == MINUTE_MARKS, _parsed_mark()).alias("mark")
    fields = _once(raw, "topic", trade, mark).select("topic", "trade.*", "mark.*")
    close = amounts.units(F.col("close")).alias("close_units")
    words = _once(fields, "topic", *_TRADE_WORDS, *_trade_amounts(), *_MARK_WORDS, close)
    is_one = F.when(F.col("topic") == RAW_TRADES, _is_trade()).otherwise(_is_mark())
    return words.where(is_one).select(
        F.coalesce("s", "symbol").alias("symbol"),
        F.coalesce(_minute_of(_traded_at_ms()), "open_time").alias("open_time"),
        *_trade_facts(),
        *_mark_facts(),
    )


def together(trades: DataFrame, marks: DataFrame) -> DataFrame:
    """Rows for `candles`, of trades and marks from different places."""
    return trades.unionByName(marks.withColumn("counts", F.lit(True)), allowMissingColumns=True)  # noqa: FBT003


def each_once(trades: DataFrame) -> DataFrame:
    """Every trade id once. For batch only: as a stream it would keep a day of ids in state."""
    return trades.dropDuplicates(["symbol", "trade_id"])


def candles(trades_and_marks: DataFrame, *, lateness: timedelta) -> DataFrame:
    """One row per symbol and minute, with the columns of `Candle`; closed if a mark proves it.

    As a stream (update mode) a minute comes again as it grows, and rows of minutes older than the newest minute of all
    symbols by more than `lateness` are dropped. Duplicates are not removed: they keep a minute from closing.
    """
    minutes = (
        _counted(trades_and_marks)
        .withColumn("minute", F.timestamp_millis("open_time"))
        .withWatermark("minute", f"{int(lateness.total_seconds())} seconds")
        .groupBy("symbol", "minute")
        .agg(*_prices(), *_volumes(), *_counts(), *_newest_mark())
    )
    return minutes.where(_is_known()).select(*_candle_columns())


def to_records(candles: DataFrame) -> DataFrame:
    """Candles as Kafka records: `key`, `value` (decodable as `Candle`) and `headers`."""
    fields = [_as_text(name) if name in _AMOUNTS else F.col(name) for name in Candle.__struct_fields__]
    version = F.struct(F.lit("schema_version").alias("key"), F.lit(SCHEMA_VERSION.encode()).alias("value"))
    return candles.select(
        F.col("symbol").cast("binary").alias("key"),
        F.to_json(F.struct(*fields)).cast("binary").alias("value"),
        F.array(version).alias("headers"),
    )


_AMOUNTS = frozenset(
    {"open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume"}
)


def _as_text(name: str) -> Column:
    """A decimal as a JSON string: a JSON number would become a float in most readers."""
    return F.col(name).cast("string").alias(name)


def _text() -> Column:
    return F.col("value").cast("string")


def _parsed_trade(*, by_json: Column | None = None) -> Column:
    """Where it is not laid out as spot's are, as JSON; only where `by_json`, if given.

    As a whole under a condition the text would be split anew for each of its pieces.
    """
    parsed = F.from_json(_text(), _TRADE_JSON)
    return F.coalesce(trade_in_place(_text()), parsed if by_json is None else F.when(by_json, parsed))


def _parsed_mark() -> Column:
    return F.from_json(_text(), _MARK_JSON)


_TRADE_WORDS = ("s", "t", "T", "m", "X")
_MARK_COUNTS = ("first_trade_id", "last_trade_id", "trade_count", "id_sum", "id_hash")
_MARK_WORDS = ("symbol", "open_time", *_MARK_COUNTS)


def _trade_amounts() -> list[Column]:
    return [amounts.units(F.col(name)).alias(f"{alias}_units") for name, alias in (("p", "price"), ("q", "quantity"))]


def _trade_facts() -> list[Column]:
    return [
        F.col("t").alias("trade_id"),
        F.col("price_units"),
        F.col("quantity_units"),
        (~F.col("m")).alias("is_taker_buy"),
        F.coalesce(F.col("X") == "MARKET", F.lit(True)).alias("counts"),  # noqa: FBT003
    ]


def _mark_facts() -> list[Column]:
    return [
        F.col("trade_count").alias("mark_count"),
        F.col("id_sum").alias("mark_id_sum"),
        F.col("id_hash").alias("mark_id_hash"),
        F.col("first_trade_id").alias("mark_first_id"),
        F.col("last_trade_id").alias("mark_last_id"),
        F.col("close_units").alias("mark_close_units"),
    ]


def _once(frame: DataFrame, *columns: Column | str) -> DataFrame:
    """These columns, each computed once, also where conditions and others are made of them.

    Spark moves a condition before a projection, and then computes it once per condition; never before one that is not
    deterministic, as the number of a task. It must be used, or it is taken away first.
    """
    return frame.select(*columns, F.spark_partition_id().alias("task")).where("task >= 0").drop("task")


def _is_trade() -> Column:
    return _are_there("s", "t", "m", "price_units", "quantity_units") & _is_time(F.col("T"))


def _is_mark() -> Column:
    return _are_there("symbol", *_MARK_COUNTS, "close_units") & _is_time(F.col("open_time"))


def _are_there(*names: str) -> Column:
    return reduce(and_, (F.col(name).isNotNull() for name in names))


def _is_time(time: Column) -> Column:
    return time.between(0, 1_000 * _FIRST_MICROSECOND)


def _traded_at_ms() -> Column:
    return F.when(F.col("T") >= _FIRST_MICROSECOND, F.expr("T div 1000")).otherwise(F.col("T"))


def _minute_of(time_ms: Column) -> Column:
    return time_ms - time_ms % MINUTE_MS


_VOLUME_DIGITS = ("volume_1", "volume_0")
_QUOTE_DIGITS = ("quote_2", "quote_1", "quote_0")


def _counted(rows: DataFrame) -> DataFrame:
    """What a candle is made of, of the trades that count; and the marks."""
    price, quantity = F.col("price_units"), F.col("quantity_units")
    parts = (*amounts.digits(quantity), *amounts.product_digits(price, quantity))
    named = [part.alias(name) for part, name in zip(parts, _VOLUME_DIGITS + _QUOTE_DIGITS, strict=True)]
    facts = ("symbol", "open_time", "trade_id", "price_units", "is_taker_buy", *_MARK_COLUMNS)
    return rows.where("counts").select(*facts, *named)


def _prices() -> list[Column]:
    return [
        F.min_by("price_units", "trade_id").alias("open"),
        F.max("price_units").alias("high"),
        F.min("price_units").alias("low"),
        F.max_by("price_units", "trade_id").alias("close"),
    ]


def _volumes() -> list[Column]:
    volume, quote = ([F.col(name) for name in names] for names in (_VOLUME_DIGITS, _QUOTE_DIGITS))
    bought_volume, bought_quote = ([F.when(F.col("is_taker_buy"), part) for part in parts] for parts in (volume, quote))
    return [
        amounts.total(volume).alias("volume"),
        amounts.total(quote).alias("quote_volume"),
        amounts.total(bought_volume).alias("taker_buy_volume"),
        amounts.total(bought_quote).alias("taker_buy_quote_volume"),
    ]


def _counts() -> list[Column]:
    return [
        F.count("trade_id").alias("trade_count"),
        F.sum("trade_id").alias("id_sum"),
        F.bit_xor(_id_hash()).alias("id_hash"),
        F.min("trade_id").alias("first_trade_id"),
        F.max("trade_id").alias("last_trade_id"),
    ]


def _id_hash() -> Column:
    """Of one id; see `exchange/sequencing/id_hash.py`."""
    return F.xxhash64("trade_id").bitwiseXOR(F.xxhash64(F.col("trade_id") + 1))


_MARK_COLUMNS = ("mark_count", "mark_id_sum", "mark_id_hash", "mark_first_id", "mark_last_id", "mark_close_units")


def _newest_mark() -> list[Column]:
    """Only marks are looked at: nearly all rows are trades, and six sums would be written for each of them."""
    others = {name: f"max_by({name}, mark_count)" for name in _MARK_COLUMNS[1:]}
    of_marks = {"mark_count": "max(mark_count)", **others}
    return [F.expr(f"{one} FILTER (WHERE mark_count IS NOT NULL)").alias(name) for name, one in of_marks.items()]


def _is_quiet() -> Column:
    return (F.col("trade_count") == 0) & (F.col("mark_count") == 0)


def _is_known() -> Column:
    """A mark that counts trades of which none is here yet says nothing about prices."""
    return (F.col("trade_count") > 0) | _is_quiet()


def _is_closed() -> Column:
    counted = {"count": F.col("trade_count"), **{name: F.coalesce(name, F.lit(0)) for name in ("id_sum", "id_hash")}}
    agree = [F.col(f"mark_{name}") == value for name, value in counted.items()]
    return F.coalesce(reduce(and_, agree), F.lit(False))  # noqa: FBT003


def _candle_columns() -> list[Column]:
    open_time = F.unix_millis("minute")
    columns = {
        "interval": F.lit("1m"),
        "open_time": open_time,
        "close_time": open_time + (MINUTE_MS - 1),
        "first_trade_id": F.coalesce("first_trade_id", "mark_first_id"),
        "last_trade_id": F.coalesce("last_trade_id", "mark_last_id"),
        "closed": _is_closed(),
        "revision": F.lit(0),
        "origin": F.lit(Origin.TRADES.value),
        # `current_timestamp` would be a new literal, so newly compiled code, in every micro-batch.
        "published_at": F.reflect(F.lit("java.lang.System"), F.lit("currentTimeMillis")).cast("bigint"),
    }
    for price in ("open", "high", "low", "close"):
        columns[price] = amounts.amount(F.coalesce(price, "mark_close_units"))
    for total in ("volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume"):
        columns[total] = F.coalesce(F.col(total), F.lit(0).cast("decimal(38,16)"))
    return [columns.get(name, F.col(name)).alias(name) for name in Candle.__struct_fields__]
