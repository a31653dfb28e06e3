"""Fetches the evidence: of the exchange's own word, of Kafka, and of each tier by its own reader."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import httpx
import msgspec

from tests.chaos.prove.evidence import Evidence, Kline, Minute
from tests.chaos.prove.onlooker import Answer, Onlooker
from tests.chaos.published import Published
from tests.chaos.truth import Moment, Truth
from tests.sink_server import SinkServer
from tests.tier_contents import TIERS
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, AlertType
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.hot.hour import KEEP_MS
from wickstream.store.warm.audit_reads import AuditReader

MOST_ROWS = 1_000


class Gatherer:
    """Of a stack that goes on; the evidence ends with a moment that is past."""

    def __init__(
        self, settings: Settings, truth: Truth, published: Published, sink: SinkServer, onlooker: Onlooker
    ) -> None:
        self._settings = settings
        self._truth = truth
        self._published = published
        self._sink = sink
        self._onlooker = onlooker

    def closed(self, cut: Moment) -> int:
        """How many closed candles PostgreSQL holds: a cheap look at how far it is."""
        with AuditReader.open(self._settings) as reader:
            rows = (row for symbol in cut.newest for row in reader.candles(symbol, 0, _end_ms(cut) - 1))
            return sum(1 for row in rows if row.closed)

    def archived(self, cut: Moment) -> bool:
        """Whether the lake holds the newest trade of every symbol."""
        archive = TradesArchive(self._settings)
        return all(archive.ranges(symbol, last, last) for symbol, last in cut.newest.items())

    def klines(self, begin: Moment, cut: Moment) -> dict[Minute, Kline]:
        """The exchange's own, of all whole minutes that began since."""
        found: dict[Minute, Kline] = {}
        for symbol in cut.newest:
            for row in self._truth.klines(symbol, begin.at_ms // MINUTE_MS * MINUTE_MS, limit=MOST_ROWS):
                if row[0] < _end_ms(cut):
                    found[symbol, row[0]] = Kline._make((*map(Decimal, (*row[1:6], row[7], *row[9:11])), row[8]))
        return found

    def gather(self, begin: Moment, cut: Moment) -> Evidence:
        """All of it."""
        first = {
            symbol: self._published.trades[symbol][0][0] for symbol in cut.newest if self._published.trades[symbol]
        }
        tiers = {tier: self._of(cut, partial(read, self._settings)) for tier, read in TIERS.items()}
        tiers["api"] = self._of(cut, self._answered)
        with AuditReader.open(self._settings) as reader:
            warm = reader.alerts(0, _end_ms(cut) - 1)
        newest = max((row.open_time for rows in tiers["warm"].values() for row in rows), default=0)
        archive = TradesArchive(self._settings)
        return Evidence(
            begin=begin,
            cut=cut,
            traded={s: self._truth.trades(s, one, cut.newest[s]) for s, one in first.items()},
            klines=self.klines(begin, cut),
            published=self._published,
            archived={s: archive.ranges(s, one, cut.newest[s]) for s, one in first.items()},
            tiers=tiers,
            alerts={"warm": warm, "cold": ColdAlerts(self._settings).read(0, _end_ms(cut) - 1)},
            told=self._sink.ids,
            onlooker=self._onlooker,
            thresholds={s: self._threshold(s) for s in cut.newest},
            hot_from_ms=newest - KEEP_MS + MINUTE_MS,
        )

    def _of(self, cut: Moment, read: Callable[[str], list[Candle]]) -> dict[str, list[Candle]]:
        return {s: [row for row in read(s) if row.closed and row.open_time < _end_ms(cut)] for s in cut.newest}

    def _answered(self, symbol: str) -> list[Candle]:
        address = f"http://127.0.0.1:{self._settings.port('api')}/api/v1/analytics/klines/{symbol}"
        answer = httpx.get(address, params={"closed_only": "true", "limit": MOST_ROWS}, trust_env=False, timeout=30)
        return msgspec.json.decode(answer.raise_for_status().content, type=Answer).data

    def _threshold(self, symbol: str) -> Decimal:
        return self._settings.symbol_thresholds.get((AlertType.WHALE, symbol), self._settings.whale_usd)


def _end_ms(cut: Moment) -> int:
    return cut.at_ms // MINUTE_MS * MINUTE_MS
