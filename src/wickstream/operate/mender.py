"""One step of a repair made known: trades to the archive, candles and entries to the bus. May be cut off anywhere."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from wickstream.bus import topics
from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.candle import EXCHANGE_FIELDS, Candle, Origin
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Gap
from wickstream.exchange.recovery.ladder import Step
from wickstream.store.ledger.reader import LedgerReader

if TYPE_CHECKING:
    from wickstream.store.cold.trades import TradesArchive

_FACTS = (*EXCHANGE_FIELDS, "first_trade_id", "last_trade_id")


def revised(candle: Candle, stored: Candle | None) -> Candle | None:
    """The candle as it is to be published; None if the very same is stored."""
    if stored is None:
        return msgspec.structs.replace(candle, revision=1)
    if stored.closed and stored.origin in (candle.origin, Origin.TRADES) and _says_the_same(candle, stored):
        return None
    return msgspec.structs.replace(candle, revision=stored.revision + 1)


def _says_the_same(candle: Candle, stored: Candle) -> bool:
    return all(getattr(candle, name) == getattr(stored, name) for name in _FACTS)


def in_order(step: Step) -> list[Gap]:
    """The step's entries as they have to be published: what is left to do, halts, then later ids before earlier ones.

    The first of all ids shares its key with the entry that is being repaired, so it comes last: until then that entry
    stands in the ledger, and a repair that is cut off is begun again from what it had not told of.
    """
    pieces = sorted(step.pieces, key=lambda gap: (gap.first_trade_id is not None, -(gap.first_trade_id or 0)))
    return [step.rest, *pieces] if step.rest else pieces


class Mender:
    """Applies steps; any of them any number of times, to the same end. Not for two threads at once.

    Every method may raise StoreBusy: some of it may be done, and doing it again does no harm.
    """

    def __init__(self, settings: Settings, ledger: LedgerReader) -> None:
        self._settings = settings
        self._ledger = ledger
        self._archive: TradesArchive | None = None
        self._producer = IdempotentProducer(settings.kafka)

    def apply(self, symbol: str, step: Step) -> tuple[list[Gap], list[Candle]]:
        """Make the step known; returns its entries, and the candles that were published."""
        # 1. The trades: an entry may say "repaired" only of what is stored.
        if step.trades:
            self._opened_archive().add(symbol, [arrival.trade for arrival in step.trades])
        # 2. The candles, before the entry that would have them made again is gone.
        candles = self._revised(symbol, step.candles)
        self._publish(topics.PROCESSED_AGGS, candles)
        # 3. The entries.
        entries = in_order(step)
        self._publish(topics.FEED_GAPS, entries)
        return entries, candles

    def _opened_archive(self) -> "TradesArchive":
        """The table's library is imported with the first trade: most of the time nothing is missing."""
        if self._archive is None:
            from wickstream.store.cold.trades import TradesArchive

            self._archive = TradesArchive(self._settings)
        return self._archive

    def _revised(self, symbol: str, candles: Sequence[Candle]) -> list[Candle]:
        stored = self._stored(symbol, [candle.open_time for candle in candles]) if candles else {}
        revisions = (revised(candle, stored.get(candle.open_time)) for candle in candles)
        return [candle for candle in revisions if candle is not None]

    def _stored(self, symbol: str, open_times: Sequence[int]) -> Mapping[int, Candle]:
        """What warm has of these minutes, and of those that it has let go what cold has."""
        held = self._ledger.candles(symbol, open_times)
        if gone := set(open_times) - held.keys():
            from wickstream.store.cold.candles import ColdCandles

            first_ms, last_ms = min(gone), max(gone)
            most = (last_ms - first_ms) // MINUTE_MS + 1
            found = ColdCandles(self._settings).read(symbol, first_ms, last_ms, limit=most, backward=False)
            held |= {candle.open_time: candle for candle in found if candle.open_time in gone}
        return held

    def _publish(self, topic: str, records: Iterable[Candle | Gap]) -> None:
        for record in records:
            self._producer.publish(Record(topic, record.symbol, encode(record), HEADERS))
        self._producer.flush()
