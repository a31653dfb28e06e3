"""Minutes again, in batch: by the stream's own function, over parts of `raw_trades` and over trades from elsewhere."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from wickstream.bus.codec import decode
from wickstream.bus.topics import RAW_TRADES
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.stream.candles import candles, each_once, marks_from_raw, to_records, together, trades_from_raw
from wickstream.stream.kafka import read_range

_NEVER_LATE = timedelta(days=1)  # in batch nothing is dropped, whatever is said here


class Part(NamedTuple):
    """Of each partition of `raw_trades` the first offset, and the end."""

    starts: Mapping[int, int]
    ends: Mapping[int, int]


class Run(NamedTuple):
    """Trades that are here: of one symbol, all ids from `first` to `last`."""

    symbol: str
    first: int
    last: int


def published(session: SparkSession, settings: Settings, part: Part, symbols: Collection[str]) -> DataFrame:
    """The `value`s of these symbols in a part of `raw_trades`, committed records only; lost offsets are an error."""
    starts, ends = ({str(number): offset for number, offset in offsets.items()} for offsets in part)
    records = read_range(session, settings, RAW_TRADES, starts=starts, ends=ends)
    # By the key, so that the JSON of other symbols is not parsed.
    return records.where(F.col("key").cast("string").isin(*symbols)).select("value")


def values_in(session: SparkSession, lines: Path) -> DataFrame:
    """The `value`s in a file, one a line: as they would be in Kafka."""
    return session.read.text(str(lines)).select(F.col("value").cast("binary").alias("value"))


def trades_of(values: Sequence[DataFrame]) -> DataFrame:
    """The trades in all of these, each id once."""
    return each_once(trades_from_raw(reduce(DataFrame.unionAll, values)))


def recomputed(trades: DataFrame, marks: DataFrame) -> Iterator[Candle]:
    """The candles of all minutes of these trades and these values of marks; closed where a mark proves it."""
    rows = to_records(candles(together(trades, marks_from_raw(marks)), lateness=_NEVER_LATE)).select("value")
    for row in rows.toLocalIterator():
        yield decode(bytes(row["value"]), Candle)


def runs_of(trades: DataFrame) -> list[Run]:
    """Which ids the trades have."""
    in_order = Window.partitionBy("symbol").orderBy("trade_id")
    numbered = trades.select("symbol", "trade_id", (F.col("trade_id") - F.row_number().over(in_order)).alias("run"))
    rows = numbered.groupBy("symbol", "run").agg(F.min("trade_id").alias("first"), F.max("trade_id").alias("last"))
    return [Run(*row) for row in rows.select("symbol", "first", "last").orderBy("symbol", "first").collect()]
