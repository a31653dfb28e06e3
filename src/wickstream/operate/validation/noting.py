"""Reports are kept where the API finds the last ones."""

import time

import msgspec

from wickstream.config import Settings
from wickstream.operate.validation.evidence import Report
from wickstream.store.warm.proofs import keep_proof


def note_report(settings: Settings, kind: str, report: Report) -> None:
    """Put it into PostgreSQL, which may be away: then it is only told to whoever asked for it."""
    now_ms = time.time_ns() // 1_000_000
    keep_proof(settings, kind, ended_at_ms=now_ms, passed=report.passed, report=msgspec.json.encode(report))
