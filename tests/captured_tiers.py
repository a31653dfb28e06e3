"""The bundled captures in the real tiers, counted minute by minute and written by the code that writes in service."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import groupby

from tests.conftest import new_database
from tests.running import Launcher
from wickstream.binance.frames import parse_ticker, parse_trade
from wickstream.candle import Candle, Minute, window_start
from wickstream.config import Settings
from wickstream.events import Author, SymbolEvent, Trade
from wickstream.exchange.local.doors.daily import day_ticker
from wickstream.exchange.local.market.anchor import decide
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files, read_recording
from wickstream.exchange.local.market.world import World
from wickstream.operate.servers.local import redis_spec, with_local_addresses
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.hot.hour import HotWriter
from wickstream.store.lane.lane import Lane
from wickstream.store.lane.live import LiveWriter
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.writer import WarmWriter

_POSTGRES = ("postgres_host", "postgres_port", "postgres_password", "postgres_read_password")
SYMBOLS = ("BTCUSDT", "ETHUSDT")


@contextmanager
def captured(own: Settings, postgres: Settings, launcher: Launcher) -> Iterator[Settings]:
    """Settings of a replay that has ended, with a Redis and a database of its own, for the time of the block."""
    own = own.model_copy(update={"ticker_symbols": SYMBOLS, "source": "replay:0123456789ab"})
    launcher.start(redis_spec(own))
    reached = with_local_addresses(own).model_copy(update={name: getattr(postgres, name) for name in _POSTGRES})
    with new_database(reached) as settings:
        fill(settings)
        yield settings


def fill(settings: Settings) -> None:
    """As a replay leaves them at its end: a piece of the first minute, whole ones that are closed, one that forms."""
    recording = read_recording(demo_files())
    plan = ReplayPlan(demo_files(), keep_times=True, speed=None)
    world = World(recording, decide(recording, plan, now_ms=recording.last_ms), plan)
    trades = [parse_trade(data) for _, data in world.frames(0, world.frames_until(recording.last_ms))]
    of_symbol = {symbol: [trade for trade in trades if trade.symbol == symbol] for symbol in SYMBOLS}
    candles = [candle for symbol in SYMBOLS for candle in _candles(of_symbol[symbol])]
    listed = [
        SymbolEvent(symbol, Author.EXCHANGE, "TRADING", recording.first_ms, chosen=True, chosen_by="list")
        for symbol in SYMBOLS
    ]
    migrate(settings)
    with closing(WarmWriter(settings)) as warm:
        warm.write(candles, events=listed)
    with closing(HotWriter(settings)) as hot:
        hot.write(candles)
    for symbol in SYMBOLS:
        TradesArchive(settings).add(symbol, of_symbol[symbol])
    tickers = [day_ticker(world.histories[symbol], as_of_ms=recording.last_ms).frame() for symbol in SYMBOLS]
    _tell_now(settings, trades, tickers)


def _candles(trades: Sequence[Trade]) -> list[Candle]:
    minutes = []
    for _, group in groupby(trades, key=lambda trade: window_start(trade.traded_at_ms, "1m")):
        own = list(group)
        minute = Minute.of(own[0])
        for trade in own:
            minute.add(trade)
        minutes.append(minute)
    pieces = {minutes[0].open_time, minutes[-1].open_time}
    return [minute.candle(closed=minute.open_time not in pieces) for minute in minutes]


def _tell_now(settings: Settings, trades: Sequence[Trade], tickers: Sequence[bytes]) -> None:
    lane = Lane(pause_s=0.0, process_ms=lambda: 0)
    for trade in trades:
        lane.take_trade(trade)
    for ticker in tickers:
        lane.take_ticker(parse_ticker(ticker), ticker)
    with closing(LiveWriter(settings)) as writer:
        writer.write(lane.due(0.0), lane.clock)
