"""The last hour of what is followed: closed and halted minutes are complete, all others lack."""

from contextlib import closing

import psycopg
import pytest

from tests.candles import MIDNIGHT_MS, minute
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, SymbolEvent
from wickstream.store.warm.completeness import complete_shares
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack


def followed(symbol: str, *, chosen: bool = True) -> SymbolEvent:
    return SymbolEvent(symbol, Author.EXCHANGE, "TRADING", 10, chosen=chosen, chosen_by="list", shard="0/1")


def halt(symbol: str, number: int) -> Gap:
    return Gap(symbol, None, None, MIDNIGHT_MS + number * MINUTE_MS, 1, GapStatus.HALTED, None, None)


def shares(settings: Settings) -> dict[str, float]:
    with psycopg.connect(conninfo(settings)) as conn:
        return complete_shares(conn)


def test_without_candles_nothing_is_said(database: Settings) -> None:
    assert shares(database) == {}
    with closing(WarmWriter(database)) as warm:
        warm.write([], events=[followed("BTCUSDT")])
    assert shares(database) == {}


def test_the_hour_ends_before_the_newest_minute_which_others_may_not_have_yet(database: Settings) -> None:
    with closing(WarmWriter(database)) as warm:
        warm.write([minute("BTCUSDT", number) for number in range(100)])
        warm.write([minute("ETHUSDT", number) for number in range(99) if not 60 <= number < 75])
        warm.write([minute("LTCUSDT", number) for number in range(50)])
        warm.write([], events=[followed("BTCUSDT"), followed("ETHUSDT"), followed("LTCUSDT", chosen=False)])
    assert shares(database) == {"BTCUSDT": 1.0, "ETHUSDT": 0.75}


def test_a_halt_lacks_nothing_and_an_open_candle_does(database: Settings) -> None:
    rows = [minute("BTCUSDT", number, closed=number != 1) for number in (0, 1, 4, 5)]
    with closing(WarmWriter(database)) as warm:
        warm.write(rows, gaps=[halt("BTCUSDT", 2), halt("BTCUSDT", 3)], events=[followed("BTCUSDT")])
    assert shares(database) == {"BTCUSDT": 0.8}
