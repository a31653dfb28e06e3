"""The same clients on our push: every captured trade, in order, as the exchange sent it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.captured_tiers import captured
from tests.clients.environments import foreign_client
from tests.clients.truth import BTC, ETH, captured_trades
from tests.conftest import SettingsMaker
from tests.running import Launcher
from tests.scripted_source import ScriptedSource
from tests.serving import served
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.serve.live.feed import Kind

pytestmark = [pytest.mark.clients, pytest.mark.stack, pytest.mark.timeout(300)]

FRAMES = 1_000
AT_ONCE, PAUSE_S = 20, 0.02  # a thousand a second, which each of them keeps up with


@pytest.fixture(scope="module")
def stored(
    postgres: Settings, make_settings: SettingsMaker, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    with captured(make_settings(tmp_path_factory.mktemp("pushed")), postgres, launcher) as settings:
        yield settings


@contextmanager
def pushing(source: ScriptedSource) -> Iterator[None]:
    """The captured trades, from when both streams are listened to."""
    ended = threading.Event()

    def push() -> None:
        while not ended.wait(PAUSE_S) and not is_heard(source):
            pass
        frames = sorted((trade for stream in (BTC, ETH) for trade in captured_trades(stream)), key=lambda t: t["T"])
        for at in range(0, len(frames), AT_ONCE):
            if ended.is_set():
                break
            source.give(
                Kind.TRADE, *(json.dumps(trade, separators=(",", ":")).encode() for trade in frames[at : at + AT_ONCE])
            )
            time.sleep(PAUSE_S)

    thread = threading.Thread(target=push)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def is_heard(source: ScriptedSource) -> bool:
    return source.live is not None and all(source.live.hub.listens_to(stream) for stream in (BTC, ETH))


@pytest.mark.parametrize("name", ["ccxt_pro", "python_binance", "binance_sdk_spot"])
def test_trades_come_in_order_and_none_is_missing(stored: Settings, name: str) -> None:
    source = ScriptedSource()
    with served(build_app(stored, open_source=source.opened)) as address, pushing(source):
        seen = foreign_client(name, stored.cache_dir).tells("frames", FRAMES, port=int(address.rpartition(":")[2]))
    trades = [trade_of(json.loads(frame)) for frame in seen["frame"]]
    assert len(trades) >= FRAMES
    for stream in (BTC, ETH):
        own = [trade for trade in trades if trade["s"] == stream.partition("@")[0].upper()]
        first = next(number for number, trade in enumerate(captured_trades(stream)) if trade["t"] == own[0]["t"])
        assert own == captured_trades(stream)[first : first + len(own)]


def trade_of(frame: dict[str, Any]) -> dict[str, Any]:
    """Without the envelope, if it is in one."""
    data: dict[str, Any] = frame.get("data", frame)
    return data
