"""Times on the command line: as ISO writes them, or epoch milliseconds as in our answers."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from wickstream.errors import Mistake

_FORMS = "2026-11-22, 2026-11-22T10:30, 2026-11-22T10:30:00+01:00 or 1795343400000"

Start = Annotated[str | None, typer.Option("--start", metavar="TIME", help="First minute: ISO (UTC) or epoch ms.")]
End = Annotated[str | None, typer.Option("--end", metavar="TIME", help="Last minute, inclusive.")]


def time_ms(text: str | None, option: str) -> int | None:
    """Epoch ms; a time without a zone is UTC.

    Raises:
        Mistake: If it is no time; says how times are written.
    """
    if text is None or text.isdigit():
        return None if text is None else int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Mistake(f"{option} {text}: a time is written as {_FORMS}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000)
