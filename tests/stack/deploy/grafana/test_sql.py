"""What dashboards compute in SQL is what the rest of the house computes."""

import random
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal

import psycopg
import pytest

from deploy.grafana.sql import MOST_WINDOWS, ROLLED_UP, WIDTHS_MS, quote_of
from tests.candles import MIDNIGHT_MS, minute
from tests.grafana import Shown, expanded
from wickstream.candle import Candle, roll_up, window_start
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.quotes import QUOTE_ASSETS, quote_asset
from wickstream.store.warm.database import connect
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

MINUTES = 2_000
LAST_MS = MIDNIGHT_MS + (MINUTES - 1) * MINUTE_MS
ROLLED = (
    *("open_time", "open", "high", "low", "close"),
    *("volume", "quote_volume", "trade_count", "taker_buy_volume", "taker_buy_quote_volume"),
)


def asked(conn: psycopg.Connection, statement: str, shown: Shown) -> list[tuple[object, ...]]:
    return conn.execute(expanded(statement, shown)).fetchall()


@pytest.fixture(scope="module")
def market() -> list[Candle]:
    """Of one symbol: some minutes are quiet, whole stretches too, and some are not there."""
    dice = random.Random(11)
    made = [made_minute(number, dice) for number in range(MINUTES)]
    return [candle for number, candle in enumerate(made) if number % 89 not in (5, 6, 7)]


def made_minute(number: int, dice: random.Random) -> Candle:
    low, open_, close, high = sorted(Decimal(dice.randint(5_990_000, 6_010_000)) / 100 for _ in range(4))
    if number % 7 == 3 or number % 400 < 20:
        nothing = dict.fromkeys(("volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume"), Decimal(0))
        price = Decimal(7_000_000)  # to be seen nowhere but in windows that are quiet all along
        prices = dict.fromkeys(("open", "high", "low", "close"), price)
        first = 1_000 + 10 * number
        return minute("BTCUSDT", number, **nothing, **prices, trade_count=0, first_trade_id=first,
                      last_trade_id=first - 1)  # fmt: skip
    volume = Decimal(dice.randint(1, 10**12)).scaleb(-8)
    return minute("BTCUSDT", number, open=open_, high=high, low=low, close=close, volume=volume,
                  quote_volume=volume * close, taker_buy_volume=volume / 2)  # fmt: skip


@pytest.fixture
def stored(database: Settings, market: Sequence[Candle]) -> Settings:
    with closing(WarmWriter(database)) as writer:
        writer.write(market)
    return database


def test_candles_of_every_interval_are_rolled_up_as_everywhere(stored: Settings, market: Sequence[Candle]) -> None:
    with closing(connect(stored, reads_only=True)) as conn:
        for interval, width_ms in WIDTHS_MS.items():
            from_ms = max(MIDNIGHT_MS + 7 * MINUTE_MS + 1, LAST_MS - (MOST_WINDOWS - 1) * width_ms)
            shown = Shown(from_ms, LAST_MS, 15, 15, {"symbol": "BTCUSDT", "interval": str(width_ms)})
            rows = asked(conn, f"{ROLLED_UP} ORDER BY opened", shown)

            whole = [candle for candle in market if candle.open_time >= window_start(from_ms, interval)]
            assert rows == [tuple(getattr(candle, name) for name in ROLLED) for candle in roll_up(whole, interval)]


def test_of_a_long_range_the_newest_windows_are_drawn(stored: Settings, market: Sequence[Candle]) -> None:
    shown = Shown(MIDNIGHT_MS, LAST_MS, 15, 15, {"symbol": "BTCUSDT", "interval": str(MINUTE_MS)})
    with closing(connect(stored, reads_only=True)) as conn:
        rows = asked(conn, f"SELECT min(opened), max(opened) FROM ({ROLLED_UP}) AS c", shown)  # noqa: S608

    assert rows == [(min(c.open_time for c in market if c.open_time > LAST_MS - MOST_WINDOWS * MINUTE_MS), LAST_MS)]


def test_the_money_of_a_symbol_is_told_by_its_name_as_everywhere(own_postgres: Settings) -> None:
    bases = ("BTC", "SOL", "USDT", "1000SATS", "币安人生")
    names = [base + asset for base in bases for asset in QUOTE_ASSETS] + ["USDT", "XYZ", "BTCUSDT_260327"]
    statement = f"SELECT name, {quote_of('name')} FROM unnest(%s::text[]) AS n (name)"  # noqa: S608
    with closing(connect(own_postgres, reads_only=True)) as conn:
        found = conn.execute(statement, (names,)).fetchall()

    assert found == [(name, quote_asset(name)) for name in names]
