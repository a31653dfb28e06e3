"""What goes wrong with a monitored stack, for the time of a block, and is mended at its end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from tests.alerts import whale
from tests.monitored_stack import MonitoredStack
from tests.sample_market import a_candle
from tests.sink_server import Reply
from wickstream.bus.codec import encode
from wickstream.bus.producer import Record
from wickstream.bus.topics import ALERTS, PROCESSED_AGGS
from wickstream.store.hot.hour import open_client

Fault = tuple[str, dict[str, Any]]
Trouble = Callable[[MonitoredStack], AbstractContextManager[None]]

HEAVY_S, LIGHT_S = 8.0, 0.5  # of a JVM that is stopped most of the time


@contextmanager
def _going_on(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Beside the block, until its end."""
    end = threading.Event()
    thread = threading.Thread(target=work, args=(end,))
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def visiting(stack: MonitoredStack, path: str) -> AbstractContextManager[None]:
    """Somebody asks the API for the time of a block, each time for something else."""

    def ask(end: threading.Event) -> None:
        with stack.asking() as client:
            number = 0
            while not end.wait(0.1):
                number = number % 500 + 1
                with suppress(httpx.HTTPError):
                    client.get(path, params={"limit": number})

    return _going_on(ask)


@contextmanager
def _faults(stack: MonitoredStack, *faults: Fault) -> Iterator[None]:
    """On the exchange."""
    for name, fields in faults:
        stack.truth.switch_on(name, **fields)
    try:
        yield
    finally:
        stack.truth.switch_off()


@contextmanager
def silent_exchange(stack: MonitoredStack) -> Iterator[None]:
    """Connections live, and bring nothing."""
    with _faults(stack, ("stall", {})):
        yield


@contextmanager
def lost_trades(stack: MonitoredStack) -> Iterator[None]:
    """Some trades never come, and REST does not give them either; in the end somebody repairs by hand."""
    asked = [f"/api/v3/{name}" for name in ("historicalTrades", "trades", "aggTrades")]
    lost = {"streams": ["*@trade"], "at_most": 12, "share": 0.5}
    with _faults(stack, ("rest_error", {"paths": asked}), ("drop", lost)):
        yield
    stack.repair()


@contextmanager
def holes_everywhere(stack: MonitoredStack) -> Iterator[None]:
    """A third of the trades is lost, and has to be asked for by id."""
    with _faults(stack, ("drop", {"streams": ["*@trade"], "share": 0.3})):
        yield


@contextmanager
def frozen_spark(stack: MonitoredStack) -> Iterator[None]:
    """Its JVM is stopped in its tracks, and Python beside it answers on."""
    with stack.frozen("stream"):
        yield


@contextmanager
def starved_spark(stack: MonitoredStack) -> Iterator[None]:
    """Its JVM has a moment every few seconds."""

    def starve(end: threading.Event) -> None:
        while not end.wait(LIGHT_S):
            with stack.frozen("stream"):
                end.wait(HEAVY_S)

    with _going_on(starve):
        yield


@contextmanager
def postgres_away(stack: MonitoredStack) -> Iterator[None]:
    """Killed, while somebody asks for what only it has."""
    with visiting(stack, "/api/v1/system/gaps"), stack.without("postgres"):
        yield


@contextmanager
def full_lake(stack: MonitoredStack) -> Iterator[None]:
    """The disk of the lake has no room."""
    if stack.lake_disk is None:
        pytest.skip("a disk is filled only where a small one can be mounted (as root)")
    stack.lake_disk.fill()
    try:
        yield
    finally:
        stack.lake_disk.free()


@contextmanager
def nearly_full_disk(stack: MonitoredStack) -> Iterator[None]:
    """The disk of the data folder has a twentieth left."""
    if stack.disk is None:
        pytest.skip("a disk is filled only where a small one can be mounted (as root)")
    stack.disk.leave(0.05)
    try:
        yield
    finally:
        stack.disk.free()


@contextmanager
def contradiction(stack: MonitoredStack) -> Iterator[None]:
    """A candle is published twice, with other values."""
    candle = a_candle(symbol="OTHERUSDT")
    other = msgspec.structs.replace(candle, close=candle.close - Decimal(1))
    stack.publish(*(Record(PROCESSED_AGGS, candle.symbol, encode(one)) for one in (candle, other)))
    yield


@contextmanager
def bad_frames(stack: MonitoredStack) -> Iterator[None]:
    """Five frames that are no JSON."""
    with _faults(stack, ("bad_json", {"in_place": False, "at_most": 5})):
        yield


@contextmanager
def refusing_sink(stack: MonitoredStack) -> Iterator[None]:
    """Whoever is to be told of alerts answers with errors."""
    stack.sink.usual = Reply(status=500)
    alert = whale(symbol="OTHERUSDT")
    stack.publish(Record(ALERTS, alert.symbol, encode(alert)))
    try:
        yield
    finally:
        stack.sink.usual = Reply()


@contextmanager
def frozen_redis(stack: MonitoredStack) -> Iterator[None]:
    """It accepts connections and answers nothing, while somebody asks for the newest candles."""
    symbol = stack.settings.named_symbols[0]
    with visiting(stack, f"/api/v1/analytics/klines/{symbol}"), stack.frozen("redis"):
        yield


@contextmanager
def small_redis(stack: MonitoredStack) -> Iterator[None]:
    """It may have hardly more memory than it uses."""
    with closing(open_client(stack.settings)) as client:
        usual = client.info("memory")["maxmemory"]
        client.config_set("maxmemory", int(client.info("memory")["used_memory"] * 1.05))
        try:
            yield
        finally:
            client.config_set("maxmemory", usual)


@contextmanager
def dead_process(stack: MonitoredStack) -> Iterator[None]:
    """One was killed, and nobody starts it again."""
    with stack.without("tickers"):
        yield
