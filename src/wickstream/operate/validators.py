"""Judges what is stored, as an orchestrator asks after each of its runs."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from wickstream.candle import Candle
from wickstream.config import Market, Settings
from wickstream.exchange.symbols.registry import read_table
from wickstream.operate.validation import checks
from wickstream.operate.validation.evidence import Evidence, Fault, Report, Span, Verdict
from wickstream.operate.validation.noting import note_report
from wickstream.operate.validation.tables import table_faults
from wickstream.operate.validation.tally import Tally
from wickstream.store.hot.hour import open_async_client
from wickstream.store.lane.forming import LaneMinute
from wickstream.store.lane.live import Clock, Now, read_now
from wickstream.store.lane.minutes import read_lane_minutes
from wickstream.store.warm.audit_reads import AuditReader

DAY_MS = 86_400_000
_LARGEST = 2**63 - 1
_CHECKS: Mapping[str, checks.Check] = {
    "schema": checks.form,
    "freshness": checks.freshness,
    "chain": checks.chain,
    "sanity": checks.sanity,
    "completeness": checks.completeness,
    "agreement": checks.agreement,
}


@dataclass(frozen=True)
class Live:
    """What the live lane knows."""

    clock: Clock | None
    symbols: Mapping[str, Now]
    minutes: Mapping[str, tuple[LaneMinute, ...]]


def validate(
    settings: Settings, symbols: Sequence[str], *, start_ms: int | None, end_ms: int | None, last_ms: int = DAY_MS
) -> Report:
    """Judge the stored minutes of these symbols; open times, both inclusive; None: the last `last_ms`, until now.

    The report is kept in PostgreSQL, for who asks how the last run ended.

    Raises:
        StoreBusy: If PostgreSQL or Redis does not answer.
    """
    live = asyncio.run(_live(settings, symbols))
    process_ms = time.time_ns() // 1_000_000
    as_of_ms = live.clock.now_ms(process_ms, stands_still=settings.is_replay) if live.clock else None
    now_ms = process_ms if as_of_ms is None else as_of_ms
    latest_ms = now_ms if end_ms is None else end_ms
    span = Span.until(now_ms, start_ms=latest_ms - last_ms if start_ms is None else start_ms, end_ms=end_ms)
    with AuditReader.open(settings) as reader:
        verdicts = _judge(reader, symbols, span, live, settings.exchange_market)
    report = Report(
        passed=all(verdict.passed for verdict in verdicts),
        source=settings.source,
        as_of=as_of_ms,
        start=span.first_ms,
        end=span.last_ms,
        symbols=tuple(symbols),
        checks=verdicts,
    )
    note_report(settings, "validate", report)
    return report


async def _live(settings: Settings, symbols: Sequence[str]) -> Live:
    async with aclosing(open_async_client(settings)) as client:
        rows, clock = await read_now(client, symbols)
        return Live(clock, {row.symbol: row for row in rows}, await read_lane_minutes(client, symbols))


def _judge(reader: AuditReader, symbols: Sequence[str], span: Span, live: Live, market: Market) -> tuple[Verdict, ...]:
    tallies = {name: Tally() for name in _CHECKS}
    tallies["schema"].count(table_faults(reader.columns()), judged=0)
    if live.clock is None and span.is_now:
        tallies["freshness"].count([Fault("", None, "the live lane has not told the exchange's clock")], judged=0)
    remarks = {"chain": "not judged: on futures ids are not consecutive"} if market is Market.USDM else {}
    for symbol in symbols:
        evidence = _evidence_of(reader, symbol, span, live)
        for name, check in _CHECKS.items():
            if name not in remarks:
                tallies[name].count(check(evidence, span), judged=_judged_by(name, evidence, span))
    return tuple(tally.verdict(name, remarks.get(name, "")) for name, tally in tallies.items())


def _judged_by(check: str, evidence: Evidence, span: Span) -> int:
    """How many rows the check has looked at."""
    counts: dict[str, Callable[[], int]] = {
        "freshness": lambda: int(span.is_now),
        "chain": lambda: sum(1 for _ in evidence.closed),
        "completeness": lambda: len(span.minutes),
        "agreement": lambda: checks.compared(evidence),
    }
    return counts.get(check, lambda: len(evidence.candles))()


def _evidence_of(reader: AuditReader, symbol: str, span: Span, live: Live) -> Evidence:
    # Beyond the last minute that is due: the forming one, to be compared, and what is closed before its time.
    last_ms = _LARGEST if span.is_now else span.last_ms
    candles = reader.candles(symbol, span.first_ms, last_ms)
    ids = list(_ids(candles))
    return Evidence(
        symbol=symbol,
        candles=candles,
        gaps=reader.gaps(symbol, ids=(min(ids, default=0), max(ids, default=_LARGEST)), times=(span.first_ms, last_ms)),
        starts=reader.starts(symbol),
        first_closed_ms=reader.first_closed_ms(symbol),
        lane=live.minutes.get(symbol, ()),
        forming=live.symbols[symbol].forming,
    )


def _ids(candles: Iterable[Candle]) -> Iterator[int]:
    for candle in candles:
        for trade_id in (candle.first_trade_id, candle.last_trade_id):
            if trade_id is not None:
                yield trade_id


def followed_symbols(settings: Settings) -> list[str]:
    """Those that a connector follows, as Kafka tells; else those of the settings.

    Raises:
        StoreBusy: If Kafka cannot be read now.
    """
    return sorted(read_table(settings.kafka).followed()) or list(settings.named_symbols)
