"""Rows of what trust rests on."""

from typing import Any

from wickstream.serve.v1.processes import Process
from wickstream.store.lane.agreement import Comparison
from wickstream.store.warm.hour_minutes import HourMinute
from wickstream.store.warm.proofs import Proof

ALL_TIME_MS = 253_402_300_799_999  # the end of a proof without one


def minute_row(minute: HourMinute) -> dict[str, Any]:
    """A minute and its candle, which may be an open one."""
    return {
        "open_time": minute.open_time,
        "state": minute.state,
        "trade_count": minute.trade_count,
        "first_trade_id": minute.first_trade_id,
        "last_trade_id": minute.last_trade_id,
        "revision": minute.revision,
        "origin": minute.origin,
        "published_at": minute.published_at,
    }


def proof_row(proof: Proof) -> dict[str, Any]:
    """A run; its checks are as the command tells them."""
    report = proof.report
    return {
        "kind": proof.kind,
        "ended_at": proof.ended_at,
        "passed": proof.passed,
        "start": report["start"] or None,
        "end": report["end"] if report["end"] < ALL_TIME_MS else None,
        "symbols": report["symbols"],
        "checks": report["checks"],
    }


def agreement_row(symbol: str, comparison: Comparison) -> dict[str, Any]:
    """One symbol's last minutes."""
    return {
        "symbol": symbol,
        "compared": comparison.compared,
        "differing": [{"open_time": kept.open_time, "what": what} for kept, what in comparison.differing],
        "waiting": comparison.waiting,
        "partial": comparison.partial,
        "newest": comparison.newest_ms,
    }


def component_row(process: Process) -> dict[str, Any]:
    """A process; what it does not tell of itself is null."""
    own = dict(process.figures)
    return {
        "component": process.name,
        "state": "unknown" if process.why else "up",
        "why": process.why,
        "at": process.at,
        "started_at": own.pop("started_at_ms", None),
        "memory_bytes": own.pop("memory_bytes", None) or None,
        "cpu_ms": own.pop("cpu_ms", None),
        "figures": [{"name": name, "value": value} for name, value in own.items()],
    }
