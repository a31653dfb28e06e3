"""Trades back into the archive: from Kafka while they are there, else from the exchange."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from itertools import islice

import polars as pl

from wickstream.bus.history import History
from wickstream.bus.topics import RAW_TRADES
from wickstream.config import Settings
from wickstream.errors import ExchangeError
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.exchange.recovery.ladder import Ladder
from wickstream.exchange.recovery.mending import Span, missing
from wickstream.exchange.rest.archive import Archive
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.repair import SHARE
from wickstream.store.cold.raw_trades import trades_in
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.warm.database import PASSING, busy, connect

AT_ONCE = 50_000  # records
MARGIN_MS = 5_000  # producers' clocks may step

# When what was traded in this time was published: not before the mark before it was.
_PUBLISHED_FROM = """
SELECT min(since) FROM marks WHERE open_time BETWEEN %s AND %s HAVING count(*) = count(since)
"""

Spans = Mapping[str, Sequence[Span]]


class TradeSources:
    """Brings trades back. Every method may raise StoreBusy; asking again goes on from there."""

    def __init__(self, settings: Settings, *, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._archive = TradesArchive(settings)
        self._tell = tell

    def lacking(self, symbol: str, ids: Span, *, within_ms: tuple[int, int]) -> list[Span]:
        """Of these ids, traded in that time, those that the archive does not have."""
        if ids.last < ids.first:
            return []
        held = self._archive.ranges(symbol, ids.first, ids.last, within_ms=within_ms)
        return list(missing((Span(*one) for one in held), ids))

    def from_kafka(self, wanted: pl.Expr, *, first_ms: int, last_ms: int) -> int:
        """All records of trades of this time (both inclusive) that are `wanted` and not archived; tells how many."""
        brought = 0
        with History(self._settings.kafka) as history:
            from_ms = self._published_from(first_ms, last_ms)
            starts = {number: first for number, (first, _) in history.bounds(RAW_TRADES).items()}
            records = history.read(RAW_TRADES, history.offsets_at(RAW_TRADES, from_ms) if from_ms else starts)
            while some := list(islice(records, AT_ONCE)):
                trades, _ = trades_in(some)
                rows = trades.filter(pl.col("traded_at_ms").is_between(first_ms, last_ms), wanted)
                brought += 0 if rows.is_empty() else self._archive.bring_back(rows)
        return brought

    def _published_from(self, first_ms: int, last_ms: int) -> int | None:
        try:
            with closing(connect(self._settings, reads_only=True)) as conn:
                row = conn.execute(_PUBLISHED_FROM, (first_ms - MINUTE_MS, last_ms)).fetchone()
        except PASSING as exc:
            raise busy(exc) from exc
        return None if row is None or row[0] is None else row[0] - MARGIN_MS

    async def from_exchange(self, wanted: Spans, *, last_ms: int) -> str | None:
        """Ids of symbols, as repair fetches them; why some of them did not come, where a host did not answer."""
        async with ExchangeClient(self._settings, share=SHARE) as client, Archive(self._settings) as files:
            ladder = Ladder(client, files, absence_is_provable=False)
            try:
                for symbol, gap in _entries(wanted, last_ms):
                    self._tell(f"{symbol}: asking the exchange for ids {gap.first_trade_id} to {gap.last_trade_id}")
                    async with aclosing(ladder.climb(gap)) as steps:
                        async for step in steps:
                            self._archive.add(symbol, [arrival.trade for arrival in step.trades])
            except ExchangeError as exc:
                return str(exc)
        return None


def _entries(wanted: Spans, last_ms: int) -> Iterator[tuple[str, Gap]]:
    for symbol, spans in wanted.items():
        for span in spans:
            yield symbol, Gap(symbol, span.first, span.last, None, last_ms, GapStatus.OPEN, None, "lost with a file")


def among(wanted: Spans) -> pl.Expr:
    """The condition that a trade's id is one of these."""
    conditions = [
        (pl.col("symbol") == symbol) & pl.col("trade_id").is_between(span.first, span.last)
        for symbol, spans in wanted.items()
        for span in spans
    ]
    return pl.any_horizontal(conditions) if conditions else pl.lit(value=False)
