"""What a writer is given to write, round after round, and whether every tier holds it, once."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import polars as pl
import psycopg
from deltalake import DeltaTable

from tests.alerts import whale
from tests.candles import minute
from tests.raw_trades import trade_value
from tests.tier_contents import read_cold, read_hot, read_warm
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import ALERTS, PROCESSED_AGGS, RAW_TRADES
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.cold.lake import storage_options
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.warm.database import conninfo

HOT_MINUTES = 61
READS: dict[str, Callable[[Settings, str], list[Any]]] = {"hot": read_hot, "warm": read_warm, "cold": read_cold}
ALL_TIERS = (*READS, "cold-trades", "cold-alerts")


class GivenRecords:
    """Candles, trades and alerts of one symbol in Kafka; the topics hold nothing else, and the stores held nothing."""

    def __init__(self, settings: Settings, symbol: str, *, trades_a_round: int = 20) -> None:
        self.settings = settings
        self.symbol = symbol
        self.rounds = 0
        self._trades_a_round = trades_a_round
        self._producer = IdempotentProducer(settings.kafka)

    def publish(self) -> None:
        """One more minute's candle, open and then closed, its trades and an alert."""
        n, self.rounds = self.rounds, self.rounds + 1
        trades = range(n * self._trades_a_round, (n + 1) * self._trades_a_round)
        for candle in (minute(self.symbol, n, closed=False, trade_count=3), minute(self.symbol, n)):
            self._producer.publish(Record(PROCESSED_AGGS, self.symbol, encode(candle)))
        for trade_id in trades:
            self._producer.publish(Record(RAW_TRADES, self.symbol, trade_value(trade_id, self.symbol)))
        self._producer.publish(Record(ALERTS, self.symbol, encode(whale(n, self.symbol))))
        self._producer.flush()

    def is_stored(self) -> bool:
        """Tell whether every tier holds all that was published, and nothing else."""
        return all(map(self.is_stored_in, ALL_TIERS))

    def is_stored_in(self, tier: str) -> bool:
        """Tell whether one of them does; a store that does not answer does not."""
        with suppress(StoreBusy):
            return self._contents(tier) == self._expected(tier)
        return False

    def _contents(self, tier: str) -> list[Any]:
        if tier == "cold-trades":
            return [trade.trade_id for trade in TradesArchive(self.settings).read(self.symbol, 0, 2**53)]
        if tier == "cold-alerts":
            return self._alerts()
        return READS[tier](self.settings, self.symbol)

    def _expected(self, tier: str) -> list[Any]:
        if tier == "cold-trades":
            return list(range(self.rounds * self._trades_a_round))
        if tier == "cold-alerts":
            return [f"whale:{self.symbol}:{number}" for number in range(self.rounds)]
        first = max(0, self.rounds - HOT_MINUTES) if tier == "hot" else 0
        return [minute(self.symbol, number) for number in range(first, self.rounds)]

    def _alerts(self) -> list[str]:
        if not DeltaTable.is_deltatable(self._url("alerts"), storage_options(self.settings)):
            return []
        return sorted(self._lake("alerts")["alert_id"], key=lambda name: int(name.rpartition(":")[2]))

    def _lake(self, table: str) -> pl.DataFrame:
        return pl.scan_delta(self._url(table), storage_options=storage_options(self.settings)).collect()

    def _url(self, table: str) -> str:
        return f"{self.settings.lake_url.removeprefix('file:')}/{table}"

    def assert_each_row_is_there_once(self) -> None:
        """In the stores' own words."""
        with psycopg.connect(conninfo(self.settings)) as conn:
            rows = conn.execute("SELECT count(*), count(DISTINCT open_time) FROM candles").fetchone()
        assert rows == (self.rounds, self.rounds)
        self.assert_the_lake_holds_each_row_once()

    def assert_the_lake_holds_each_row_once(self) -> None:
        """In its own words, and whatever lies there can be read to its end."""
        for table, column in (("candles", "open_time"), ("trades", "trade_id"), ("alerts", "alert_id")):
            found = self._lake(table)
            assert found.height == found.n_unique([column])
            files = f"{self._url(table)}/**/*.parquet"
            everything = pl.read_parquet(files, storage_options=storage_options(self.settings), hive_partitioning=False)
            assert everything.height >= found.height  # those that no commit names are whole, too

    def assert_each_offset_is_in_one_commit(self) -> None:
        """A commit says up to which offsets it goes: from one to the next they only grow."""
        said = pl.Struct({"appId": pl.String, "version": pl.Int64})
        for table in ("candles", "trades", "alerts"):
            commits = pl.scan_ndjson(
                f"{self._url(table)}/_delta_log/*.json",
                schema={"txn": said},
                include_file_paths="commit",
                storage_options=storage_options(self.settings),
            )
            is_offset = pl.col("appId").str.contains(r"^write-\S+/\d+$")
            offsets = commits.drop_nulls("txn").unnest("txn").filter(is_offset).collect()
            assert not offsets.is_empty()
            for _name, of_one in offsets.sort("commit").group_by("appId", maintain_order=True):
                grown = of_one["version"].to_list()
                assert grown == sorted(set(grown))
