"""What python-binance's socket manager and REST client see of an exchange."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException

from tests.clients.telling import run, tell

BOTH_TRADES = ["btcusdt@trade", "ethusdt@trade"]
ROOMY = 100_000  # frames; it gives up at 100 unless told otherwise
PAUSE_S = 0.25  # five messages a second are allowed

Questions = Mapping[str, Callable[[], Awaitable[Any]]]


@asynccontextmanager
async def client_of(address: str) -> AsyncIterator[Any]:
    """A client that knows no other host."""
    AsyncClient.API_URL = f"http://{address}/api"
    BinanceSocketManager.STREAM_URL = f"ws://{address}/"
    client = await AsyncClient.create()
    try:
        yield client
    finally:
        await client.close_connection()


@asynccontextmanager
async def trades_of(address: str) -> AsyncIterator[Any]:
    """The manager's socket for the trades of one symbol."""
    async with (
        client_of(address) as client,
        BinanceSocketManager(client, max_queue_size=ROOMY).trade_socket("BTCUSDT") as socket,
    ):
        yield socket


async def frames(address: str, count: int) -> None:
    """Trades of both symbols on a combined connection; written again, for only parsed ones are handed out."""
    async with client_of(address) as client:
        manager = BinanceSocketManager(client, max_queue_size=ROOMY)
        async with manager.multiplex_socket(BOTH_TRADES) as socket:
            for _ in range(count):
                tell("frame", json.dumps(await socket.recv(), separators=(",", ":")))


async def kinds(address: str) -> None:
    """The first message of each kind of socket there is."""
    async with client_of(address) as client:
        manager = BinanceSocketManager(client)
        sockets = {
            "trade": manager.trade_socket("BTCUSDT"),
            "aggTrade": manager.aggtrade_socket("BTCUSDT"),
            "24hrTicker": manager.symbol_ticker_socket("BTCUSDT"),
            "24hrMiniTicker": manager.symbol_miniticker_socket("BTCUSDT"),
            "kline": manager.kline_socket("BTCUSDT", "1m"),
        }
        await asyncio.gather(*(first_of(kind, socket) for kind, socket in sockets.items()))


async def first_of(kind: str, socket: Any) -> None:
    """Tell one message."""
    async with socket:
        tell(kind, await socket.recv())


async def market(address: str, last_ms: int) -> None:
    """A trade, a ticker, and closed candles until the one before that time."""
    async with client_of(address) as client:
        manager = BinanceSocketManager(client, max_queue_size=ROOMY)
        await first_of("trade", manager.trade_socket("BTCUSDT"))
        await first_of("ticker", manager.symbol_ticker_socket("BTCUSDT"))
        async with manager.kline_socket("BTCUSDT", "1m") as socket:
            closed_ms = 0
            while closed_ms < last_ms:
                candle = (await socket.recv())["k"]
                if candle["x"]:
                    tell("kline", candle)
                    closed_ms = candle["T"] + 1


async def control(address: str) -> None:
    """Control messages over a socket of the manager's, and their answers."""
    async with trades_of(address) as socket:
        await socket.recv()
        for request in (
            {"method": "LIST_SUBSCRIPTIONS", "id": 1},
            {"method": "SUBSCRIBE", "params": ["ethusdt@trade", "nosuch@trade"], "id": 2},
            {"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 3},
            {"method": "LIST_SUBSCRIPTIONS", "id": 4},
            {"method": "JUMP", "id": 5},
        ):
            await socket.ws.send(json.dumps(request))
            while "id" not in (message := await socket.recv()):
                pass
            tell("answer", message)
            await asyncio.sleep(PAUSE_S)
        tell("after", (await socket.recv())["s"])


async def day(address: str) -> None:
    """Trades past the end of a connection's life; the library reconnects by itself."""
    async with trades_of(address) as socket:
        while (message := await socket.recv())["e"] == "trade":
            tell("before", message["t"])
        tell("end", message)
        while (message := await socket.recv())["e"] != "trade":
            pass
        tell("after", message["t"])


async def rest(address: str) -> None:
    """What its REST methods answer."""
    async with client_of(address) as client:
        questions: Questions = {
            "ping": client.ping,
            "time": client.get_server_time,
            "info": client.get_exchange_info,
            "symbol": lambda: client.get_symbol_info("BTCUSDT"),
            "recent": lambda: client.get_recent_trades(symbol="BTCUSDT", limit=3),
            "historical": lambda: client.get_historical_trades(symbol="BTCUSDT", limit=3, fromId=3735683260),
            "aggregate": lambda: client.get_aggregate_trades(symbol="BTCUSDT", limit=3),
            "klines": lambda: client.get_historical_klines("BTCUSDT", "5m", 1723161300000, 1723161899999),
            "day": lambda: client.get_ticker(symbol="BTCUSDT"),
        }
        for name, ask in questions.items():
            tell(name, await ask())
        try:
            await client.get_klines(symbol="NOSUCH", interval="1m")
        except BinanceAPIException as error:
            tell("error", [error.status_code, error.code, error.message])


async def served(address: str) -> None:
    """What its REST methods answer of an API that keeps klines and single trades."""
    async with client_of(address) as client:
        questions: Questions = {
            "ping": client.ping,
            "time": client.get_server_time,
            "info": client.get_exchange_info,
            "recent": lambda: client.get_recent_trades(symbol="BTCUSDT", limit=3),
            "historical": lambda: client.get_historical_trades(symbol="BTCUSDT", limit=3, fromId=3735683260),
            "1m": lambda: client.get_historical_klines("BTCUSDT", "1m", 0),
            "5m": lambda: client.get_historical_klines("BTCUSDT", "5m", 0),
            "range": lambda: client.get_historical_klines("BTCUSDT", "5m", 1723161300000, 1723161899999),
            "day": lambda: client.get_ticker(symbol="BTCUSDT"),
            "price": lambda: client.get_symbol_ticker(symbol="BTCUSDT"),
            "average": lambda: client.get_avg_price(symbol="BTCUSDT"),
        }
        for name, ask in questions.items():
            tell(name, await ask())
        for refused in (client.get_aggregate_trades(symbol="BTCUSDT"), client.get_klines(symbol="NO", interval="1m")):
            try:
                await refused
            except BinanceAPIException as error:
                tell("error", [error.status_code, error.code, error.message])


run(
    {"served": served, "frames": frames, "kinds": kinds, "market": market, "control": control, "day": day, "rest": rest}
)
