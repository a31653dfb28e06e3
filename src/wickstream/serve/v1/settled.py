"""How far the data is expected to be closed."""

from collections.abc import Sequence

from wickstream.serve.reader import Reader
from wickstream.serve.v1.integrity_pages import settled_ms
from wickstream.store.series.board import Moment


async def newest_ms(reader: Reader, names: Sequence[str], moment: Moment) -> int:
    """Open time of the newest minute that is to be there: by the exchange's clock, else the newest one of all."""
    if moment.now_ms is not None:
        return settled_ms(moment.now_ms)
    return await reader.records.newest_closed(names) or 0
