"""Exact candles from Binance trades, with the proof.

import wickstream
lake = wickstream.lake()
lake.candles("BTCUSDT", "2024-08-09", "2024-08-10", interval="1h")
"""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wickstream.store.series.client import Lake

__all__ = ["Moment", "lake"]

Moment = str | datetime | date | int  # ISO 8601, a date, or epoch ms; UTC where it has no zone


def lake(where: str | Path | None = None) -> "Lake":
    """The cold tier of a data folder, a lake's own folder, or `s3://bucket/path` with the `MINIO_` settings.

    Without `where` the one that the settings (environment, `.env`) or the only data folder here lead to.

    Raises:
        Mistake: If there is no lake, or a setting is malformed; says what to do.
    """
    from wickstream.config import data_root, read_settings
    from wickstream.store.series.client import Lake, address_of

    if where is not None:
        return Lake(read_settings(cold_url=address_of(where)))
    from wickstream.operate.running import of_the_folder

    return Lake(of_the_folder(read_settings(), data_root()))
