"""One series over three tiers, with each of them there and away."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import INTERVALS, Candle, window_start
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS, Gap, GapStatus, Ticker, Trade
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import HotWriter
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.series.router import Router, Series
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

Result = TypeVar("Result")
NOWHERE: dict[str, Any] = {"redis_host": "127.0.0.1", "redis_port": 1}
NO_POSTGRES: dict[str, Any] = {"postgres_host": "127.0.0.1", "postgres_port": 1}


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


def numbers(series: Series) -> list[int]:
    return [(candle.open_time - MIDNIGHT_MS) // MINUTE_MS for candle in series.candles]


def routed(settings: Settings, read: Callable[[Router], Awaitable[Result]]) -> Result:
    async def within() -> Result:
        async with Router(settings) as router:
            return await read(router)

    return asyncio.run(within())


def klines(settings: Settings, interval: str = "1m", **fields: Any) -> Series:
    given: dict[str, Any] = {"start": None, "end": None, "limit": 500, "closed_only": False}
    symbol = settings.ticker_symbols[0]
    return routed(settings, lambda router: router.klines(symbol, interval, **(given | fields)))


def into_hot(settings: Settings, rows: list[Candle]) -> None:
    with closing(HotWriter(settings)) as writer:
        writer.write(rows)


def into_warm(settings: Settings, rows: list[Candle], *, gaps: tuple[Gap, ...] = ()) -> None:
    with closing(WarmWriter(settings)) as writer:
        writer.write(rows, gaps=gaps)


def into_live(settings: Settings, change: Change, at_ms: int) -> None:
    with closing(LiveWriter(settings)) as writer:
        writer.write([change], Clock(at_ms, 0, at_ms))


@pytest.fixture
def replay(stores: Settings) -> Settings:
    """In a replay now is the newest time heard, so a test can say what it is."""
    return stores.model_copy(update={"source": "replay:0123456789ab"})


@pytest.fixture
def filled(replay: Settings, symbol: str) -> Settings:
    """Minutes 0–199 in cold, 100–299 in warm, 240–300 in hot, and a forming one."""
    ColdCandles(replay).store([minute(symbol, n) for n in range(200)], {})
    into_warm(replay, [minute(symbol, n) for n in range(100, 300)])
    into_hot(replay, [minute(symbol, n) for n in range(200, 301)])
    trade = Trade(symbol, 9_999, Decimal(5), Decimal(1), at(301) + 900, buyer_is_maker=False)
    forming = minute(symbol, 301, closed=False, trade_count=3)
    into_live(replay, Change(symbol, None, trade, forming), at(301) + 900)
    return replay


def test_tiers_are_stitched_without_hole_or_double(filled: Settings) -> None:
    series = klines(filled, start=0, limit=1_000)

    assert numbers(series) == list(range(302))
    assert [c.closed for c in series.candles] == [True] * 301 + [False]
    assert series.sources == ("replay:0123456789ab", "hot", "warm", "cold", "lane")
    assert series.as_of_ms == at(301) + 900
    assert series.lag_ms is not None


def test_the_last_hour_is_the_hot_tiers_alone(filled: Settings) -> None:
    series = klines(filled, limit=60)

    assert numbers(series) == list(range(242, 302))
    assert series.sources == ("replay:0123456789ab", "hot", "lane")
    assert series.complete


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"limit": 3}, [299, 300, 301]),
        ({"limit": 3, "closed_only": True}, [298, 299, 300]),
        ({"end": at(150), "limit": 3}, [148, 149, 150]),
        ({"end": at(101), "limit": 4}, [98, 99, 100, 101]),
        ({"start": at(98), "limit": 4}, [98, 99, 100, 101]),
        ({"start": at(238), "end": at(242)}, [238, 239, 240, 241, 242]),
        ({"start": at(400)}, []),
        ({"end": at(-1)}, []),
        ({"start": 0, "limit": 1}, [0]),
    ],
)
def test_ranges_mean_what_the_contract_says(filled: Settings, fields: dict[str, Any], expected: list[int]) -> None:
    assert numbers(klines(filled, **fields)) == expected


def test_roll_ups_are_whole_over_every_seam(filled: Settings) -> None:
    series = klines(filled, "15m", start=at(90), end=at(299))

    assert numbers(series) == list(range(90, 300, 15))
    assert all(candle.closed and candle.trade_count == 150 for candle in series.candles)
    assert klines(filled, "5m", limit=2).candles[-1].closed is False


def test_redis_away_the_others_answer(filled: Settings, symbol: str) -> None:
    without = filled.model_copy(update=NOWHERE)
    series = klines(without, start=at(90), limit=1_000)

    assert numbers(series) == list(range(90, 300))
    assert (series.complete, series.away) == (False, ("hot",))  # nobody says how late it is
    assert series.as_of_ms is None
    assert klines(without, start=at(90), end=at(299)).complete
    board = routed(without, lambda router: router.board())
    assert board.sources[1:] == ("warm",)
    assert [row.last_price for row in board.rows if row.symbol == symbol] == [minute().close]
    with pytest.raises(StoreBusy, match=r"Redis.*PostgreSQL"):
        routed(without.model_copy(update=NO_POSTGRES), lambda router: router.board())


def test_postgres_away_hot_and_cold_answer_what_they_hold_and_say_it_is_not_all(filled: Settings) -> None:
    without = filled.model_copy(update=NO_POSTGRES)
    series = klines(without, start=0, limit=1_000)

    assert numbers(series) == [*range(200), *range(240, 302)]
    assert (series.complete, series.away) == (False, ("warm",))
    assert klines(without, limit=30).complete
    older = klines(without, start=at(20), end=at(150))
    assert (older.complete, older.away, older.sources[1:]) == (True, (), ("cold",))


def test_when_no_tier_can_answer_they_are_named(replay: Settings) -> None:
    without = replay.model_copy(update=NOWHERE | NO_POSTGRES)

    with pytest.raises(StoreBusy, match="PostgreSQL"):
        klines(without)
    assert routed(without, lambda router: router.tier_states()) == {"cold": None}
    assert replay.ticker_symbols[0] in routed(without, lambda router: router.known_symbols())


def test_a_lake_that_cannot_be_read_is_not_asked_for_what_warm_holds(filled: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "candles" / "_delta_log"
    broken.mkdir(parents=True)
    (broken / "00000000000000000000.json").write_text("{")
    without = filled.model_copy(update={"cold_url": f"file:{tmp_path / 'broken'}"})

    assert klines(without, start=at(100), limit=1_000).complete
    series = klines(without, start=at(90), limit=1_000)
    assert numbers(series) == list(range(100, 302))
    assert (series.complete, series.away) == (False, ("cold",))


def test_a_hole_of_warm_is_filled_from_cold(replay: Settings, symbol: str) -> None:
    rows = [minute(symbol, n) for n in range(100)]
    into_warm(replay, rows[:20] + rows[60:])
    ColdCandles(replay).store(rows[20:60], {})
    into_live(replay, Change(symbol, None, None, minute(symbol, 100, closed=False)), at(100))

    series = klines(replay, start=at(0), end=at(99))
    assert (numbers(series), series.complete) == (list(range(100)), True)
    assert series.sources[1:] == ("warm", "cold")
    assert numbers(klines(replay, end=at(99), limit=50)) == list(range(50, 100))
    (rolled,) = klines(replay, "1h", start=at(0), limit=1).candles
    assert (rolled.closed, rolled.trade_count) == (True, 600)


def test_a_halted_minute_is_complete_without_a_candle(replay: Settings, symbol: str) -> None:
    halt = Gap(symbol, None, None, at(2), at(9), GapStatus.HALTED)
    into_warm(replay, [minute(symbol, n) for n in (0, 1, 3, 4)], gaps=(halt,))

    assert klines(replay, start=at(0), end=at(4)).complete
    (rolled,) = klines(replay, "5m", start=at(0), end=at(4)).candles
    assert rolled.closed


def test_a_hole_is_not_complete(replay: Settings, symbol: str) -> None:
    into_warm(replay, [minute(symbol, n) for n in (0, 1, 3, 4)])

    assert not klines(replay, start=at(0), end=at(4)).complete
    assert not klines(replay, "5m").candles[0].closed


def test_only_tiers_that_hold_some_of_the_answer_are_sources(filled: Settings) -> None:
    assert klines(filled, start=at(295), end=at(299)).sources == ("replay:0123456789ab", "hot")
    assert klines(filled, start=at(110), end=at(120)).sources == ("replay:0123456789ab", "warm")
    assert klines(filled, closed_only=True, limit=2).sources == ("replay:0123456789ab", "hot")


def test_unclosed_minutes_do_not_take_the_place_of_closed_ones(replay: Settings, symbol: str) -> None:
    into_warm(replay, [minute(symbol, n, closed=not 50 <= n < 60) for n in range(100)])

    assert numbers(klines(replay, closed_only=True, end=at(62), limit=5)) == [48, 49, 60, 61, 62]
    assert numbers(klines(replay, closed_only=True, start=at(50), limit=3)) == [60, 61, 62]
    assert numbers(klines(replay, "5m", closed_only=True, end=at(59), limit=1)) == [45]
    assert numbers(klines(replay, closed_only=True, limit=1_000)) == [*range(50), *range(60, 100)]


def test_the_board_shows_price_day_and_age_of_every_symbol(filled: Settings, symbol: str) -> None:
    ticker = Ticker(symbol, at(301) + 500, at(301) + 500, 1, 2, 2, *[Decimal(7)] * 8)
    into_live(filled, Change(symbol, ticker, None, None), at(301) + 500)
    board = routed(filled, lambda router: router.board())
    row = board.rows[0]

    assert (row.symbol, row.last_price, row.ticker) == (symbol, Decimal(5), ticker)
    assert row.age_ms is not None
    assert board.sources == ("replay:0123456789ab", "lane")


def test_each_tier_tells_its_newest_closed_candle(filled: Settings) -> None:
    assert routed(filled, lambda router: router.tier_states()) == {"hot": at(300), "warm": at(299), "cold": at(199)}


def test_symbols_are_known_from_candles_too(filled: Settings, symbol: str) -> None:
    other = filled.model_copy(update={"ticker_symbols": ("BTCUSDT",)})

    assert {symbol, "BTCUSDT"} <= set(routed(other, lambda router: router.known_symbols()))


def test_many_minutes_are_rolled_up_in_columns_out_of_every_tier(filled: Settings) -> None:
    days = [minute(filled.ticker_symbols[0], n) for n in range(-20 * 1_440, 0)]
    ColdCandles(filled).store(days, {})
    series = klines(filled, "1d", limit=30)

    assert [c.trade_count for c in series.candles] == [14_400] * 20 + [3_013]
    assert [c.closed for c in series.candles] == [True] * 20 + [False]
    assert series.sources[1:] == ("hot", "warm", "cold", "lane")
    assert series.complete
    assert klines(filled, "1d", limit=30, closed_only=True).candles == series.candles[:-1]


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_interval_is_answered(filled: Settings, interval: str) -> None:
    series = klines(filled, interval, limit=2)

    assert [c.interval for c in series.candles] == [interval] * len(series.candles)
    assert series.candles[-1].open_time == window_start(at(301), interval)
    assert series.candles[-1].trade_count == sum(
        3 if n == 301 else 10 for n in range(302) if at(n) >= series.candles[-1].open_time
    )
