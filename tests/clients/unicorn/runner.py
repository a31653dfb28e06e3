"""What unicorn-binance-websocket-api sees of an exchange; it runs a thread for each connection."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from unicorn_binance_websocket_api import BinanceWebSocketApiManager

from tests.clients.telling import run, tell

BOTH = ["btcusdt", "ethusdt"]


@contextmanager
def manager_of(address: str) -> Iterator[Any]:
    """A manager that knows no other host, and hands out what came off the socket."""
    manager = BinanceWebSocketApiManager(
        exchange="binance.com",
        websocket_base_uri=f"ws://{address}/",
        output_default="raw_data",
        warn_on_update=False,
        restart_timeout=1,
        enable_stream_signal_buffer=True,
    )
    try:
        yield manager
    finally:
        manager.stop_manager()


def taken(take: Callable[[], Any]) -> Any:
    """What is in one of the manager's buffers, once its threads have put something there."""
    while not (found := take()):
        time.sleep(0.005)
    return found


def next_trade(manager: Any) -> str:
    """The next frame; answers to the manager's own subscriptions are handed out between them."""
    while not (message := str(taken(manager.pop_stream_data_from_stream_buffer))).startswith('{"stream"'):
        pass
    return message


async def frames(address: str, count: int) -> None:
    """Trades of both symbols on a combined connection, as they came."""
    with manager_of(address) as manager:
        manager.create_stream(["trade"], BOTH)
        for _ in range(count):
            tell("frame", next_trade(manager))


async def control(address: str) -> None:
    """Subscriptions of a stream, and the answers; the manager keeps them apart by id."""
    with manager_of(address) as manager:
        stream = manager.create_stream(["trade"], ["btcusdt"])
        tell("before", json.loads(next_trade(manager))["data"]["s"])
        manager.subscribe_to_stream(stream, markets=["ethusdt", "nosuch"])
        tell("listed", listed(manager, stream))
        manager.unsubscribe_from_stream(stream, markets=["btcusdt"])
        tell("listed", listed(manager, stream))
        manager.clear_stream_buffer()
        tell("after", json.loads(next_trade(manager))["data"]["s"])
        manager.add_payload_to_stream(stream, {"method": "JUMP", "id": 99})
        tell("error", json.loads((taken(manager.get_errors_from_endpoints))[0]))


def listed(manager: Any, stream: str) -> Any:
    """What a stream is subscribed to, as the exchange says."""
    request_id = manager.get_stream_subscriptions(stream)
    answer = taken(lambda: manager.get_result_by_request_id(request_id, timeout=0))
    return sorted(json.loads(answer)["result"])


async def day(address: str) -> None:
    """Signals until a second connection is open, and data of it; the manager reconnects by itself."""
    with manager_of(address) as manager:
        manager.create_stream(["trade"], ["btcusdt"])
        connects = 0
        while connects < 2:
            signal = taken(manager.pop_stream_signal_from_stream_signal_buffer)
            tell("signal", signal["type"])
            connects += signal["type"] == "CONNECT"
        manager.clear_stream_buffer()
        tell("after", json.loads(next_trade(manager))["data"]["s"])


run({"frames": frames, "control": control, "day": day})
