"""Times on the command line: as ISO writes them, or epoch milliseconds as in our answers."""

import re
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from wickstream.errors import Mistake
from wickstream.events import DAY_MS, MINUTE_MS

YEAR_10000_MS = 253_402_300_800_000  # no calendar shows more

_FORMS = "2026-11-22, 2026-11-22T10:30, 2026-11-22T10:30:00+01:00 or 1795343400000"

Start = Annotated[str | None, typer.Option("--start", metavar="TIME", help="First minute: ISO (UTC) or epoch ms.")]
End = Annotated[str | None, typer.Option("--end", metavar="TIME", help="Last minute, inclusive.")]

Last = Annotated[str | None, typer.Option("--last", metavar="TIME", help="Instead of --start: 90m, 6h or 2d.")]
_UNITS_MS = {"m": MINUTE_MS, "h": 60 * MINUTE_MS, "d": DAY_MS}


def duration_ms(text: str | None, option: str) -> int | None:
    """So many ms; minutes, hours or days.

    Raises:
        Mistake: If it is none, or none at all.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if match is None or int(match[1]) == 0:
        raise Mistake(f"{option} {text}: a duration is written as 90m, 6h or 2d")
    return int(match[1]) * _UNITS_MS[match[2]]


def time_ms(text: str | None, option: str) -> int | None:
    """Epoch ms; a time without a zone is UTC.

    Raises:
        Mistake: If it is no time; says how times are written.
    """
    if text is None:
        return None
    try:
        found = int(text) if text.isdigit() else _epoch_ms(datetime.fromisoformat(text))
    except ValueError:
        found = -1
    if not 0 <= found < YEAR_10000_MS:
        raise Mistake(f"{option} {text}: a time is written as {_FORMS}")
    return found


def require_in_order(start_ms: int | None, end_ms: int | None) -> None:
    """Refuse a range that ends before it begins.

    Raises:
        Mistake: If it does.
    """
    if start_ms is not None and end_ms is not None and end_ms < start_ms:
        raise Mistake("--end lies before --start")


def require_past(moment_ms: int | None, option: str) -> None:
    """Refuse a moment that is yet to come, by this machine's clock.

    Raises:
        Mistake: If it is.
    """
    if moment_ms is not None and moment_ms > time.time_ns() // 1_000_000:
        raise Mistake(f"{option} {moment_ms} is yet to come")


def _epoch_ms(moment: datetime) -> int:
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)
