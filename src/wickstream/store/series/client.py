"""The lake for those who analyse: ranges by name and time, as data frames."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from wickstream import Moment
from wickstream.candle import INTERVALS
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.series.frames import SCHEMA, roll_up
from wickstream.store.series.plan import FAR_MS, whole_windows


class Lake:
    """Ranges include both ends; times are UTC. A frame has `.to_arrow()`, `.to_pandas()` and Arrow's own protocol.

    Every read raises StoreBusy if the lake cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._reader = LakeReader(settings)

    def symbols(self) -> list[str]:
        """Those of which there are candles."""
        return self._reader.symbols()

    def candles(
        self, symbol: str, start: Moment | None = None, end: Moment | None = None, *, interval: str = "1m"
    ) -> pl.DataFrame:
        """Candles by open time, oldest first. A longer interval's is `closed` if none of its minutes lacks here."""
        if interval not in INTERVALS:
            raise Mistake(f"no interval {interval}; there are {', '.join(INTERVALS)}")
        first_ms, last_ms = whole_windows(_ms(start), _ms(end), interval)
        return roll_up(self._reader.candles(symbol, first_ms, last_ms, SCHEMA), interval)

    def trades(self, symbol: str, start: Moment | None = None, end: Moment | None = None) -> pl.DataFrame:
        """Archived trades by trade time, in the order of their ids; both ends are instants."""
        first_ms, last_ms = _ms(start), _ms(end)
        return self._reader.trades(symbol, first_ms or 0, FAR_MS if last_ms is None else last_ms)


def address_of(where: str | Path) -> str:
    """The lake's URL.

    Raises:
        Mistake: If it is neither a bucket nor a folder that is there.
    """
    if str(where).startswith(("s3://", "file:")):
        return str(where)
    folder = Path(where).expanduser().absolute()
    if not folder.is_dir():
        raise Mistake(f"{folder}: no such folder; name a data folder, a lake's, or s3://bucket/path")
    return f"file:{folder / 'lake' if (folder / 'lake').is_dir() else folder}"


def _ms(moment: Moment | None) -> int | None:
    """Epoch ms; what has no zone is UTC."""
    if moment is None or isinstance(moment, int):
        return moment
    if isinstance(moment, str):
        moment = _parsed(moment)
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(zoned.timestamp() * 1_000)


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Mistake(f"{text!r} is no time; write 2024-08-09 or 2024-08-09T10:30") from None
