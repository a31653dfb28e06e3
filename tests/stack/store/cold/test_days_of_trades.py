"""A day of trades becomes files of a good size, whose rows are those that came."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from tests.candles import MIDNIGHT_MS
from tests.lake_parts import table
from wickstream.config import Settings
from wickstream.events import DAY_MS
from wickstream.store.cold.files import files_of
from wickstream.store.cold.tables import trades_table
from wickstream.store.cold.trade_columns import COLUMNS
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.cold.upkeep import TRADES, Upkeep

pytestmark = [pytest.mark.stack, pytest.mark.timeout(3_600)]

DAY = "2024-08-09"
SYMBOLS = ("AUSDT", "BUSDT", "CUSDT")
SEED, AT_ONCE = 64, 250_000


def fill(lake: Settings, trades: int) -> None:
    """In commits of all symbols' trades, which go on through the day."""
    archive, each = TradesArchive(lake), trades // len(SYMBOLS)
    for first in range(0, each, AT_ONCE):
        for symbol in SYMBOLS:
            archive.add_frame(symbol, made_up(symbol, range(first, min(first + AT_ONCE, each)), of=each))


def made_up(symbol: str, ids: range, *, of: int) -> pl.DataFrame:
    """Prices that wander by cents, and amounts of five places: the same of the same ids."""
    dice, trade_id = pl.col("trade_id").hash(SEED), pl.col("trade_id")
    cents = 6_000_000 + (dice % 101).cast(pl.Int64).sub(50).cum_sum()
    frame = pl.DataFrame({"trade_id": pl.int_range(ids.start, ids.stop, eager=True)}).select(
        trade_id,
        symbol=pl.lit(symbol),
        price=cents.cast(pl.Decimal(38, 2)) / pl.lit(100),
        quantity=(dice // 101 % 999_999 + 1).cast(pl.Int64).cast(pl.Decimal(38, 5)) / pl.lit(100_000),
        traded_at_ms=MIDNIGHT_MS + trade_id * (DAY_MS - 1) // of,
        buyer_is_maker=dice // 2**40 % 2 == 0,
        counts=pl.lit(value=True),
    )
    return frame.select(COLUMNS.names()).cast(COLUMNS)


@pytest.mark.parametrize(
    ("trades", "smaller"),
    [
        pytest.param(1_800_000, 40, id="a fortieth"),
        pytest.param(54_000_000, 1, id="whole", marks=pytest.mark.slow),
    ],
)
def test_the_files_of_a_day_are_neither_small_nor_large(
    lake: Settings, figures: dict[str, Any], trades: int, smaller: int
) -> None:
    form = replace(TRADES, file_bytes=TRADES.file_bytes // smaller, least_bytes=TRADES.least_bytes // smaller)
    fill(lake, trades)
    before = facts(lake)

    after = Upkeep(trades_table(lake), form).put_in_order(DAY)

    assert after is not None
    sizes = [file.size_bytes for file in files_of(table(lake, "trades"))]
    figures |= {"megabytes": [size >> 20 for size in sizes], "trades": after.rows}
    assert len(sizes) > 1
    assert all((64 << 20) // smaller <= size <= (256 << 20) // smaller for size in sizes)
    assert facts(lake) == before


def facts(lake: Settings) -> list[tuple[Any, ...]]:
    """Of each symbol what no change of a row leaves as it is."""
    rows = pl.scan_delta(table(lake, "trades")).group_by("symbol")
    crossed = (pl.col("trade_id") * (pl.col("quantity") * 100_000).cast(pl.Int64) % 1_000_003).sum().alias("crossed")
    return rows.agg(pl.len(), pl.col("trade_id").n_unique().alias("ids"), crossed).sort("symbol").collect().rows()
