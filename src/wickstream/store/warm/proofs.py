"""What `verify` and `validate` found, run by run."""

from typing import Any, NamedTuple

import psycopg
import structlog

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.warm.database import connect, first_line
from wickstream.store.warm.reads import WarmReader

log = structlog.get_logger(__name__)

KEPT = 200  # of each kind; of `validate`, which is run every 5 minutes, 17 hours

_INSERT = """
INSERT INTO proofs (kind, ended_at, passed, report) VALUES (%s, %s, %s, %s::jsonb) ON CONFLICT DO NOTHING
"""
_FORGET = """
DELETE FROM proofs WHERE kind = %(kind)s AND ended_at <= (
    SELECT ended_at FROM proofs WHERE kind = %(kind)s ORDER BY ended_at DESC OFFSET %(kept)s LIMIT 1
)
"""
_READ = """
SELECT kind, ended_at, passed, report FROM proofs WHERE %(kind)s::text IS NULL OR kind = %(kind)s
ORDER BY ended_at DESC, kind LIMIT %(limit)s
"""


class Proof(NamedTuple):
    """One run; `report` as the command prints it with --json."""

    kind: str
    ended_at: int
    passed: bool
    report: dict[str, Any]


def keep_proof(settings: Settings, kind: str, *, ended_at_ms: int, passed: bool, report: bytes) -> None:
    """Note how a run ended (`report`: JSON). A run is worth no less if nobody takes the note: that is only logged."""
    try:
        with connect(settings) as conn:
            conn.execute(_INSERT, (kind, ended_at_ms, passed, report.decode()))
            conn.execute(_FORGET, {"kind": kind, "kept": KEPT})
    except (StoreBusy, psycopg.Error) as exc:
        reason = first_line(exc) if isinstance(exc, psycopg.Error) else str(exc)
        log.warning("report not kept", kind=kind, reason=reason)


async def read_proofs(warm: WarmReader, kind: str | None, limit: int) -> list[Proof]:
    """At most so many runs, the newest first; None: of both kinds.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    return [Proof(*row) for row in await warm.fetch(_READ, {"kind": kind, "limit": limit})]
