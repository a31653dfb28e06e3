"""Exact candles from Binance trades, with the proof.

import wickstream
lake = wickstream.lake()
lake.candles("BTCUSDT", "2024-08-09", "2024-08-10", interval="1h")

async for event in wickstream.live("BTCUSDT", trades=True):
    print(event)
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wickstream.serve.live.client_events import Event
    from wickstream.store.series.client import Lake

__all__ = ["Moment", "lake", "live"]

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


def live(
    *symbols: str,
    trades: bool = False,
    tickers: bool = False,
    klines: Sequence[str] = (),
    alerts: bool = False,
    url: str = "http://127.0.0.1:8000",
    key: str | None = None,
    after: Mapping[str, int] | None = None,
) -> "AsyncIterator[Event]":
    """What happens from now on: Trade, Ticker and Candle of these symbols (`klines` are intervals), Alert of all.

        async for event in wickstream.live("BTCUSDT", "ETHUSDT", trades=True, klines=["1m"], alerts=True):
            match event:
                case Trade(symbol=symbol, trade_id=trade_id, price=price): ...
                case Candle(closed=True): ...

    Goes on by itself when the connection breaks or the server is away. Each trade comes once and in the order of its
    ids: those that were missed meanwhile are read by id. With `after` (the last id of each symbol you have) it begins
    there. Ids that the server does not have are left out. A candle with `closed` is proven, and comes once per
    connection.

    Raises:
        Mistake: If nothing is asked for, or, while it is iterated, the server refuses; says what to do.
    """
    from wickstream.errors import Mistake
    from wickstream.serve.live.client import Listening
    from wickstream.serve.live.names import streams_of

    streams = streams_of(symbols, trades=trades, tickers=tickers, klines=klines, alerts=alerts)
    if not streams:
        raise Mistake("nothing to listen to: name symbols and trades, tickers or klines of them, or alerts")
    return Listening(url, streams, key=key, after=after or {}).events()
