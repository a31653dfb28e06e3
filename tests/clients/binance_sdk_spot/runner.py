"""What Binance's own SDK sees of an exchange: its WebSocket streams and its REST client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketStreams
from binance_common.constants import TimeUnit
from binance_common.errors import BadRequestError
from binance_sdk_spot.rest_api.models import KlinesIntervalEnum
from binance_sdk_spot.spot import Spot
from binance_sdk_spot.websocket_streams.models import KlineIntervalEnum

from tests.clients.telling import run, tell

BOTH_TRADES = ["btcusdt@trade", "ethusdt@trade"]
FIVE_MINUTES = KlinesIntervalEnum.INTERVAL_5m.value
PAUSE_S = 0.25  # five messages a second are allowed


@asynccontextmanager
async def streams_of(address: str, **options: Any) -> AsyncIterator[Any]:
    """A connection of its streams; `connections[0]` is it."""
    configuration = ConfigurationWebSocketStreams(stream_url=f"ws://{address}", **options)
    streams = Spot(config_ws_streams=configuration).websocket_streams
    connection = await streams.create_connection()
    try:
        yield connection
    finally:
        await connection.close_connection(close_session=True)


async def frames(address: str, count: int) -> None:
    """Trades of both symbols; written again, for only parsed ones are handed out."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with streams_of(address) as connection:
        await connection.subscribe(streams=BOTH_TRADES)
        for stream in BOTH_TRADES:
            connection.on("message", heard.put_nowait, stream)
        for _ in range(count):
            tell("frame", json.dumps(await heard.get(), separators=(",", ":")))


async def kinds(address: str) -> None:
    """The first message of each kind of stream there is, as its own models read it."""
    async with streams_of(address) as connection:
        handles = {
            "trade": await connection.trade(symbol="btcusdt"),
            "aggTrade": await connection.agg_trade(symbol="btcusdt"),
            "24hrTicker": await connection.ticker(symbol="btcusdt"),
            "24hrMiniTicker": await connection.mini_ticker(symbol="btcusdt"),
            "kline": await connection.kline(symbol="btcusdt", interval=KlineIntervalEnum.INTERVAL_1m.value),
        }
        await asyncio.gather(*(first_of(kind, handle) for kind, handle in handles.items()))


async def first_of(kind: str, handle: Any) -> None:
    """Tell one message."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    handle.on("message", heard.put_nowait)
    tell(kind, (await heard.get()).model_dump(mode="json", by_alias=True, exclude_none=True))


async def market(address: str, last_ms: int) -> None:
    """A trade, a ticker, and closed candles until the one before that time, as its own models read them."""
    async with streams_of(address) as connection:
        await first_of("trade", await connection.trade(symbol="btcusdt"))
        await first_of("ticker", await connection.ticker(symbol="btcusdt"))
        heard: asyncio.Queue[Any] = asyncio.Queue()
        one_minute = KlineIntervalEnum.INTERVAL_1m.value
        (await connection.kline(symbol="btcusdt", interval=one_minute)).on("message", heard.put_nowait)
        closed_ms = 0
        while closed_ms < last_ms:
            candle = (await heard.get()).model_dump(mode="json", by_alias=True, exclude_none=True)["k"]
            if candle["x"]:
                tell("kline", candle)
                closed_ms = candle["T"] + 1


async def control(address: str) -> None:
    """Subscriptions of the SDK, and the answers."""
    errors: asyncio.Queue[Any] = asyncio.Queue()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with streams_of(address) as connection:
        connection.on_connection("error", errors.put_nowait)
        await connection.trade(symbol="nosuch")
        trades = await connection.trade(symbol="btcusdt")
        trades.on("message", heard.put_nowait)
        tell("before", (await heard.get()).s)
        tell("listed", await listed(connection))
        await trades.unsubscribe()
        others = await connection.trade(symbol="ethusdt")
        others.on("message", heard.put_nowait)
        tell("listed", await listed(connection))
        await connection.send_message({"method": "JUMP", "id": None}, connection.connections[0])
        tell("error", await errors.get())
        while (trade := await heard.get()).s != "ETHUSDT":
            pass
        tell("after", trade.s)


async def listed(connection: Any) -> Any:
    """What the connection is subscribed to."""
    await asyncio.sleep(PAUSE_S)
    answer = await connection.list_subscribe()
    await asyncio.sleep(PAUSE_S)
    return answer["result"]


async def day(address: str) -> None:
    """Pings until the end of a connection's life, and that the end is noticed."""
    async with streams_of(address) as connection:
        ended = asyncio.Event()
        connection.on_connection("ping", lambda data: tell("ping", data.decode()))
        connection.on_connection("pong", lambda data: tell("pong", data.decode()))
        connection.on_connection("close", ended.set)
        trades = await connection.trade(symbol="btcusdt")
        trades.on("message", lambda trade: tell("before", trade.t))
        await connection.ping_server(connection.connections[0])
        await ended.wait()
        tell("end", len(connection.connections))


async def rest(address: str) -> None:
    """What its REST methods answer, as its own models read it."""
    api = Spot(config_rest_api=ConfigurationRestAPI(base_path=f"http://{address}")).rest_api
    answers = {
        "ping": api.ping(),
        "time": api.time(),
        "info": api.exchange_info(symbols=["BTCUSDT", "ETHUSDT"]),
        "recent": api.get_trades(symbol="BTCUSDT", limit=3),
        "historical": api.historical_trades(symbol="BTCUSDT", limit=3, from_id=3735683260),
        "aggregate": api.agg_trades(symbol="BTCUSDT", limit=3),
        "day": api.ticker24hr(symbol="BTCUSDT"),
        "klines": api.klines("BTCUSDT", FIVE_MINUTES, start_time=1723161300000, end_time=1723161899999),
    }
    for name, answer in answers.items():
        tell(name, plain(answer.data()))
        tell("weight", [limit.count for limit in answer.rate_limits])
        tell("absent", [name, sorted(absent(answer.data()))])
    try:
        api.klines("NOSUCH", FIVE_MINUTES)
    except BadRequestError as error:
        tell("error", str(error))


def absent(answer: Any) -> set[str]:
    """Fields the SDK's models know and the answer lacks, anywhere in it."""
    if isinstance(answer, list):
        return {field for part in answer for field in absent(part)}
    if not hasattr(answer, "model_fields_set"):
        return set()
    if getattr(answer, "actual_instance", None) is not None:  # a model that is one of several
        return absent(answer.actual_instance)
    values = {name: getattr(answer, name) for name in type(answer).model_fields}
    return {name for name, value in values.items() if value is None}.union(*map(absent, values.values()))


async def microseconds(address: str) -> None:
    """What it sees if it asks for microseconds."""
    configuration = ConfigurationRestAPI(base_path=f"http://{address}", time_unit=TimeUnit.MICROSECOND.value)
    tell("time", Spot(config_rest_api=configuration).rest_api.time().data().server_time)
    async with streams_of(address, time_unit=TimeUnit.MICROSECOND) as connection:
        heard: asyncio.Queue[Any] = asyncio.Queue()
        trades = await connection.trade(symbol="btcusdt")
        trades.on("message", heard.put_nowait)
        tell("trade", (await heard.get()).T)


def plain(answer: Any) -> Any:
    """Without the SDK's models."""
    if isinstance(answer, list):
        return [plain(part) for part in answer]
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True) if hasattr(answer, "model_dump") else answer


async def served(address: str) -> None:
    """What its REST methods answer of an API that keeps klines and single trades, as its own models read it."""
    api = Spot(config_rest_api=ConfigurationRestAPI(base_path=f"http://{address}")).rest_api
    answers = {
        "time": api.time(),
        "info": api.exchange_info(symbols=["BTCUSDT", "ETHUSDT"]),
        "recent": api.get_trades(symbol="BTCUSDT", limit=3),
        "historical": api.historical_trades(symbol="BTCUSDT", limit=3, from_id=3735683260),
        "day": api.ticker24hr(symbol="BTCUSDT"),
        "price": api.ticker_price(symbol="BTCUSDT"),
        "1m": api.klines("BTCUSDT", KlinesIntervalEnum.INTERVAL_1m.value),
        "5m": api.klines("BTCUSDT", FIVE_MINUTES),
        "day_there": api.klines("BTCUSDT", KlinesIntervalEnum.INTERVAL_1d.value, time_zone="8"),
    }
    for name, answer in answers.items():
        tell(name, plain(answer.data()))
    try:
        api.depth("BTCUSDT")
    except BadRequestError as error:
        tell("error", str(error))


run(
    {
        "served": served,
        "frames": frames,
        "kinds": kinds,
        "market": market,
        "control": control,
        "day": day,
        "rest": rest,
        "microseconds": microseconds,
    }
)
