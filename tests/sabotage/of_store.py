"""What a writer may do wrong."""

import multiprocessing
from collections.abc import Sequence
from typing import Any

import polars as pl
from confluent_kafka import Message

from tests import mortal_writer
from wickstream import candle
from wickstream.bus.consumer import positions_after
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.sinks.gate import Gate
from wickstream.store.tier import TierLoop

_take = TierLoop._take


def offsets_first() -> None:
    """Who dies between the two has lost what was in hand."""

    def take(self: TierLoop, messages: Sequence[Message]) -> bool:
        self._commit(positions_after(messages))
        return _take(self, messages)

    TierLoop._take = take  # type: ignore[method-assign]
    vars(mortal_writer)["_context"] = multiprocessing.get_context("fork")  # which takes the bug along


def archive_without_a_look() -> None:
    """What others stored is stored once more."""

    def missing(self: TradesArchive, table: Any, rows: pl.DataFrame, archived: Any, **_: Any) -> pl.DataFrame:
        return rows

    TradesArchive._missing = missing  # type: ignore[method-assign]


def any_candle_replaces() -> None:
    """The later one wins."""
    vars(candle)["supersedes"] = lambda new, old: True


def sink_without_memory() -> None:
    """What was told is not remembered."""
    Gate.settle = lambda self, alert, verdict: None  # type: ignore[method-assign]
