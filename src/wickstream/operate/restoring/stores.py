"""Candles put right: published, so that every tier takes them by version, and written into the tiers at once."""

import time
from collections.abc import Collection, Sequence
from contextlib import closing

import structlog

from wickstream.bus import topics
from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import HotWriter
from wickstream.store.hot.rebuild import newest_hour
from wickstream.store.retries import pause_s
from wickstream.store.warm.database import PASSING, busy, connect
from wickstream.store.warm.writer import WarmWriter

ATTEMPTS = 5

_OCCUPIED = "SELECT open_time, revision FROM candles WHERE symbol = %s AND \"interval\" = '1m' AND open_time = ANY(%s)"
_REMOVE = "DELETE FROM candles WHERE symbol = %s AND \"interval\" = '1m' AND open_time = %s"

log = structlog.get_logger(__name__)


class Stores:
    """Writes by version, all of them: any of it any number of times, to the same end. Each may raise StoreBusy."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cold = ColdCandles(settings)
        self._producer: IdempotentProducer | None = None

    def publish(self, candles: Sequence[Candle]) -> None:
        """To Kafka first: what is replayed from there comes to the same."""
        if not candles:
            return
        self._producer = self._producer or IdempotentProducer(self._settings.kafka)
        for candle in candles:
            self._producer.publish(Record(topics.PROCESSED_AGGS, candle.symbol, encode(candle), HEADERS))
        self._producer.flush()
        self.to_warm(candles)
        self.to_cold(candles)
        with closing(HotWriter(self._settings)) as hot:
            hot.write(candles)

    def to_warm(self, candles: Sequence[Candle]) -> None:
        """By version."""
        if candles:
            with closing(WarmWriter(self._settings)) as warm:
                warm.write(candles)

    def to_cold(self, candles: Sequence[Candle]) -> None:
        """By version; another's commit may come before this one."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if candles:
                    self._cold.store(candles, {})
            except StoreBusy:
                if attempt == ATTEMPTS:
                    raise
                time.sleep(pause_s(attempt))
            else:
                return

    def occupied(self, symbol: str, minutes: Collection[int]) -> dict[int, int]:
        """Which of these have a row of whatever kind in warm, and its revision."""
        try:
            with closing(connect(self._settings)) as conn:
                return dict(conn.execute(_OCCUPIED, (symbol, list(minutes))).fetchall())
        except PASSING as exc:
            raise busy(exc) from exc

    def remove_from_warm(self, candles: Sequence[Candle]) -> None:
        """What is in no other tier, and nothing proves; it is told in full."""
        try:
            with closing(connect(self._settings)) as conn:
                for candle in candles:
                    conn.execute(_REMOVE, (candle.symbol, candle.open_time))
                conn.commit()
        except PASSING as exc:
            raise busy(exc) from exc
        for candle in candles:
            log.warning("removed from warm", row=encode(candle).decode())

    def renew_hot(self, symbol: str) -> None:
        """A symbol's hour from warm, and nothing of what was there."""
        try:
            with closing(connect(self._settings, reads_only=True)) as conn:
                candles = newest_hour(conn, symbol)
        except PASSING as exc:
            raise busy(exc) from exc
        with closing(HotWriter(self._settings)) as hot:
            hot.renew(symbol, candles)
