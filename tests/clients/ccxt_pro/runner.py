"""What ccxt.pro sees of an exchange."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro
from ccxt.base.errors import BadSymbol, ExchangeError, NetworkError

from tests.clients.telling import run, tell

PAIRS = ["BTC/USDT", "ETH/USDT"]


@asynccontextmanager
async def exchange_of(address: str) -> AsyncIterator[Any]:
    """Its Binance with other addresses, spot only."""
    rest = f"http://{address}/api/v3"
    exchange = ccxt.pro.binance(
        {
            "options": {"fetchMarkets": {"types": ["spot"]}, "defaultType": "spot", "fetchCurrencies": False,
                        "tradesLimit": 100_000},
            "urls": {"api": {"public": rest, "private": rest, "ws": {"spot": f"ws://{address}/ws"}}},
        }
    )  # fmt: skip
    try:
        yield exchange
    finally:
        await exchange.close()


async def frames(address: str, count: int) -> None:
    """Trades of both symbols; what came is kept beside what it makes of it."""
    async with exchange_of(address) as exchange:
        while count > 0:
            for trade in await exchange.watch_trades_for_symbols(PAIRS):
                tell("frame", json.dumps(trade["info"], separators=(",", ":")))
                count -= 1


async def watch(address: str) -> None:
    """The first of each kind of thing there is to watch; then one is left while another goes on."""
    async with exchange_of(address) as exchange:
        tell("trade", (await exchange.watch_trades("BTC/USDT"))[0])
        tell("ticker", await exchange.watch_ticker("BTC/USDT"))
        tell("kline", (await exchange.watch_ohlcv("BTC/USDT", "1m"))[0])
        await exchange.watch_trades("ETH/USDT")
        tell("left", await exchange.un_watch_trades("BTC/USDT"))
        tell("after", (await exchange.watch_trades("ETH/USDT"))[0]["symbol"])
        try:
            await exchange.watch_trades("NO/SUCH")
        except BadSymbol as error:
            tell("error", str(error))


async def market(address: str, last_ms: int) -> None:
    """A trade, a ticker, and closed candles until the one before that time."""
    async with exchange_of(address) as exchange:
        closed = closed_times_of(exchange)
        tell("trade", (await exchange.watch_trades("BTC/USDT"))[0]["info"])
        tell("ticker", (await exchange.watch_ticker("BTC/USDT"))["info"])
        while last_ms - 60_000 not in closed:
            await exchange.watch_ohlcv("BTC/USDT", "1m")
        for candle in exchange.ohlcvs["BTC/USDT"]["1m"]:
            if candle[0] in closed:
                tell("kline", list(candle))


def closed_times_of(exchange: Any) -> set[int]:
    """Open times of the candles it was told are closed; its own candles do not say so."""
    closed: set[int] = set()
    take = exchange.handle_ohlcv

    def take_and_note(client: Any, message: Any) -> None:
        take(client, message)
        if message["k"]["x"]:
            closed.add(message["k"]["t"])

    exchange.handle_ohlcv = take_and_note
    return closed


async def day(address: str) -> None:
    """Trades past the end of a connection's life; watching again opens another."""
    async with exchange_of(address) as exchange:
        try:
            while True:
                tell("before", (await exchange.watch_trades("BTC/USDT"))[0]["id"])
        except NetworkError as error:
            tell("end", f"{type(error).__name__}: {error}")
        tell("after", (await exchange.watch_trades("BTC/USDT"))[0]["id"])


async def rest(address: str) -> None:
    """What its REST methods answer."""
    async with exchange_of(address) as exchange:
        tell("time", await exchange.fetch_time())
        tell("symbols", sorted(await exchange.load_markets()))
        tell("symbol", exchange.market("BTC/USDT")["info"])
        tell("recent", await exchange.fetch_trades("BTC/USDT", limit=3))
        tell("klines", await exchange.fetch_ohlcv("BTC/USDT", "5m", since=1723161300000, limit=2))
        tell("day", await exchange.fetch_ticker("BTC/USDT"))
        try:
            await exchange.public_get_klines({"symbol": "NOSUCH", "interval": "1m"})
        except BadSymbol as error:
            tell("error", str(error))


async def served(address: str) -> None:
    """What its REST methods answer of an API that keeps klines and single trades."""
    async with exchange_of(address) as exchange:
        tell("time", await exchange.fetch_time())
        tell("symbols", sorted(await exchange.load_markets()))
        tell("active", exchange.market("BTC/USDT")["active"])
        for interval in ("1m", "5m"):
            tell(interval, await exchange.fetch_ohlcv("BTC/USDT", interval))
        tell("first", await exchange.fetch_ohlcv("BTC/USDT", "1m", since=0, limit=1))
        tell("recent", await exchange.public_get_trades({"symbol": "BTCUSDT", "limit": 3}))
        tell("day", await exchange.fetch_ticker("BTC/USDT"))
        try:
            await exchange.fetch_order_book("BTC/USDT")
        except ExchangeError as error:
            tell("error", [type(error).__name__, str(error)])


run({"served": served, "frames": frames, "watch": watch, "market": market, "day": day, "rest": rest})
