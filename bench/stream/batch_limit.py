"""PROCESS: polars' group-by of the same trades as doubles, in memory and in one go: what no stream can reach."""

import argparse
import io
import json

import polars as pl

from bench.ingest.cost import Meter, tell
from bench.ingest.frames import Market
from bench.stream.topic import trade_values

_SCHEMA = {"s": pl.String, "t": pl.Int64, "p": pl.String, "q": pl.String, "T": pl.Int64, "m": pl.Boolean}


def candles(lines: bytes) -> pl.DataFrame:
    """One row per symbol and minute."""
    price, quantity = pl.col("p"), pl.col("q")
    trades = pl.read_ndjson(io.BytesIO(lines), schema=_SCHEMA).with_columns(
        price.cast(pl.Float64), quantity.cast(pl.Float64), minute=pl.col("T") // 60_000
    )
    bought = ~pl.col("m")
    return trades.group_by("s", "minute").agg(
        open=price.first(),
        high=price.max(),
        low=price.min(),
        close=price.last(),
        volume=quantity.sum(),
        quote_volume=(price * quantity).sum(),
        taker_buy_volume=quantity.filter(bought).sum(),
        taker_buy_quote_volume=(price * quantity).filter(bought).sum(),
        trade_count=pl.len(),
    )


def main() -> None:
    """One run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--market", type=json.loads, required=True)
    market = Market(**parser.parse_args().market)
    lines = b"\n".join(trade_values(market))
    meter = Meter()
    counted = candles(lines)["trade_count"].sum()
    cost = meter.cost(market.trades)
    assert counted == market.trades
    tell(cost)


if __name__ == "__main__":
    main()
