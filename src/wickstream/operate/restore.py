"""What a proof found damaged, brought back from the next source that can be proven right; then it is proven again.

Files first, so that nothing damaged is believed; then trades, which prove candles; then the tiers, the hot hour last.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime

import polars as pl

from wickstream.bus.consumer import require_topics
from wickstream.bus.topics import PROCESSED_AGGS, RAW_TRADES
from wickstream.config import Settings
from wickstream.events import DAY_MS
from wickstream.exchange.recovery.mending import Span
from wickstream.operate.proof.damage import Damage
from wickstream.operate.proof.tiers import TierReader, ledger_of
from wickstream.operate.restoring.alerts import mend_alerts
from wickstream.operate.restoring.lost_files import LostFiles
from wickstream.operate.restoring.marks import mend_marks
from wickstream.operate.restoring.minutes import Minutes
from wickstream.operate.restoring.stores import Stores
from wickstream.operate.restoring.trade_sources import TradeSources
from wickstream.operate.restoring.views import View, chained, hot_candles
from wickstream.operate.verify import settled_before_ms
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.cold.files import partition_of
from wickstream.store.hot.hour import open_client
from wickstream.store.hot.values import hot_values
from wickstream.store.series.frames import SCHEMA, candles_of, frame_of
from wickstream.store.warm.lake_files import Noted
from wickstream.store.warm.partitions import month_start

OPEN_TIMES = pl.Schema({"open_time": SCHEMA["open_time"]})

Tell = Callable[[str], None]


def restore(
    settings: Settings, symbols: Sequence[str], damage: Damage, *, span: tuple[int, int], tell: Tell
) -> list[str]:
    """Mend all of it; tells what could not be, and why. Killed anywhere and run again, it comes to the same end.

    Raises:
        StoreBusy: If PostgreSQL, Kafka, the lake or Redis does not answer.
    """
    require_topics(settings.kafka, (PROCESSED_AGGS, RAW_TRADES))
    files = LostFiles(settings)
    files.set_aside(damage.files)
    lost = {name: files.remembered(name) for name in ("candles", "trades", "alerts")}
    for name, notes in lost.items():
        for note in notes:
            tell(f"{name}/{note.path}: set aside, its {note.rows:,} rows are to be brought back")
    unrepaired: list[str] = []
    with closing(TierReader(settings)) as tiers:
        if lost["trades"]:
            unrepaired += _trades(settings, symbols, tiers, _partitions(lost["trades"]), tell=tell)
        unrepaired += _candles(settings, symbols, tiers, damage, span, _partitions(lost["candles"]), tell=tell)
    unrepaired += mend_marks(settings, damage.marks, tell=tell)
    if damage.alerts or lost["alerts"]:
        mend_alerts(settings, damage.alerts, span=span, was_cold_damaged=bool(lost["alerts"]), tell=tell)
    stores = Stores(settings)
    for symbol in sorted(damage.hot):
        stores.renew_hot(symbol)
        tell(f"{symbol}: hot hour rebuilt")
    return unrepaired + [what for name, notes in lost.items() if notes for what in files.forget_those_back(name)]


def _partitions(notes: Sequence[Noted]) -> list[str]:
    return sorted({partition_of(note.path) for note in notes})


def _trades(
    settings: Settings, symbols: Sequence[str], tiers: TierReader, days: Sequence[str], *, tell: Tell
) -> Iterator[str]:
    """All that Kafka has of these days, and of what candles tell of besides, from the exchange."""
    sources = TradeSources(settings, tell=tell)
    trouble: str | None = None
    for date in days:
        first_ms = _day_start(date)
        last_ms = first_ms + DAY_MS - 1
        brought = sources.from_kafka(pl.lit(value=True), first_ms=first_ms, last_ms=last_ms)
        tell(f"{date}: {brought:,} trades brought back from Kafka")
        wanted = {
            symbol: [
                part
                for ids in _ids_of(tiers, symbol, first_ms, last_ms)
                for part in sources.lacking(symbol, ids, within_ms=(first_ms, last_ms))
            ]
            for symbol in symbols
        }
        wanted = {symbol: spans for symbol, spans in wanted.items() if spans}
        if wanted and trouble is None:
            trouble = asyncio.run(sources.from_exchange(wanted, last_ms=last_ms))
        for symbol, spans in wanted.items():
            left = sum(
                part.size for ids in spans for part in sources.lacking(symbol, ids, within_ms=(first_ms, last_ms))
            )
            if left:
                yield f"{symbol} {date}: {left:,} trades are in neither Kafka nor the exchange's answers: {trouble}"


def _ids_of(tiers: TierReader, symbol: str, first_ms: int, last_ms: int) -> list[Span]:
    """Ids that candles of this time are made of, in unbroken runs; of two words on a minute the lake's counts."""
    warm, _ = tiers.warm(symbol, first_ms, last_ms)
    cold = tiers.cold(symbol, first_ms, last_ms)
    good, _ = chained(candles_of(warm.join(cold, on="open_time", how="anti")), warm)
    rows = pl.concat([cold, frame_of(good)]).filter(pl.col("trade_count") > 0)
    ids = rows.select("first_trade_id", "last_trade_id").drop_nulls().sort("first_trade_id")
    runs: list[Span] = []
    for first, last in ids.rows():
        if runs and first <= runs[-1].last + 1:
            runs[-1] = Span(runs[-1].first, max(last, runs[-1].last))
        else:
            runs.append(Span(first, last))
    return runs


def _candles(
    settings: Settings,
    symbols: Sequence[str],
    tiers: TierReader,
    damage: Damage,
    span: tuple[int, int],
    months: Sequence[str],
    *,
    tell: Tell,
) -> list[str]:
    """Of all symbols where a file was lost, else of those that something was found wrong with."""
    minutes = Minutes(settings, is_cold_proven=damage.is_cold_proven, tell=tell)
    kept_since_ms = tiers.kept_since()
    with closing(open_client(settings)) as client:
        for symbol in sorted({*symbols, *damage.minutes} if months else damage.minutes):
            if symbol:
                warm, odd = tiers.warm(symbol, *span)
                view = View(
                    symbol=symbol,
                    warm=warm,
                    cold=tiers.cold(symbol, *span),
                    hot=hot_candles(hot_values(client, symbol)),
                    odd={fault.open_time for fault in odd if fault.open_time is not None},
                    kept_since_ms=kept_since_ms,
                    settled_ms=settled_before_ms(settings),
                )
                minutes.mend(view, damage.minutes.get(symbol, ()))
    for month in months:
        if month_start(month.replace("-", "_")) < kept_since_ms:
            _old_month(settings, symbols, minutes, month, tell=tell)
    return minutes.unrepaired


def _old_month(settings: Settings, symbols: Sequence[str], minutes: Minutes, month: str, *, tell: Tell) -> None:
    """Which only the lake kept: what its own trades prove."""
    reader, first_ms = LakeReader(settings), month_start(month.replace("-", "_"))
    for symbol in symbols:
        halts = ledger_of(settings, symbol)["halts"]
        brought = 0
        for day in range(first_ms // DAY_MS, first_ms // DAY_MS + 31):
            held = reader.candles(symbol, day * DAY_MS, (day + 1) * DAY_MS - 1, OPEN_TIMES)
            if held.height < 1_440:
                brought += minutes.old_minutes(symbol, day, held=held["open_time"].to_list(), halts=halts)
        if brought:
            tell(f"{symbol} {month}: {brought:,} candles made again of archived trades")


def _day_start(date: str) -> int:
    return int(datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * 1_000
