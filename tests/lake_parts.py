"""What tests of the lake fill its tables with, and see there."""

import polars as pl
from deltalake import DeltaTable

from tests.candles import MIDNIGHT_MS, minute
from tests.raw_trades import trade_value
from wickstream.binance.frames import parse_trade
from wickstream.config import Settings
from wickstream.events import DAY_MS, Trade
from wickstream.store.cold.candles import ColdCandles


def table(lake: Settings, name: str) -> DeltaTable:
    return DeltaTable(f"{lake.lake_url.removeprefix('file:')}/{name}")


def rows(lake: Settings, name: str) -> pl.DataFrame:
    found = pl.scan_delta(table(lake, name)).collect()
    return found.sort(found.columns)


def trades(symbol: str, first: int, last: int, *, days: int = 0) -> list[Trade]:
    at = MIDNIGHT_MS + days * DAY_MS
    return [parse_trade(trade_value(number, symbol, at=at + number)) for number in range(first, last + 1)]


def fill_candles(lake: Settings) -> None:
    """Eight commits, each of all symbols."""
    for number in range(8):
        ColdCandles(lake).store([minute(symbol, number) for symbol in "CAB"], {"write-cold/a/0": number})
