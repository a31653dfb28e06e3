"""Spikes of a batch of candles."""

import time
from collections.abc import Callable

from pyspark.sql import DataFrame

from wickstream.config import Settings
from wickstream.stream.alert_batches import Judged
from wickstream.stream.measures import Market, Measures
from wickstream.stream.readable import candles_in
from wickstream.stream.spike_book import SpikeBook
from wickstream.stream.spikes import newest_minutes


class SpikeJudge:
    """Alerts of a batch of `processed_aggs`; carried is what was told before."""

    def __init__(self, settings: Settings, market: Market, *, now_s: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._market = market
        self._now_s = now_s

    def __call__(self, batch: DataFrame, carried: str | None) -> Judged:
        """Judge the minutes of the batch, the oldest first."""
        book, measures = SpikeBook(carried), Measures(self._settings, self._market.thresholds())
        values = (bytes(row.value or b"") for row in newest_minutes(batch).collect())
        minutes = sorted(candles_in(values), key=lambda candle: (candle.open_time, candle.symbol))
        now_ms = int(self._now_s() * 1_000)
        alerts = [
            alert
            for candle in minutes
            for alert in book.take(
                candle, measures.of(candle.symbol), self._market.open_holes(candle.symbol), now_ms=now_ms
            )
        ]
        return Judged(alerts, book.carried())
