"""The same clients watch the stack while it plays the captures: trades, tickers, and the exchange's own klines."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.clients.environments import Seen, foreign_client
from tests.clients.truth import captured_trades, official_klines
from tests.conftest import SettingsMaker
from tests.running import wait_until
from tests.whole_stack import CAPTURES, WholeStack
from wickstream.config import Settings
from wickstream.operate.stack import answers

pytestmark = [pytest.mark.clients, pytest.mark.stack, pytest.mark.timeout(400)]

WATCHING = ("ccxt_pro", "python_binance", "binance_sdk_spot")
KNOWN = "/api/v3/ticker/24hr?symbol=BTCUSDT"  # who asks for markets before there are any is told that there are none
LAST_MS = 1_723_161_900_000  # 00:05, which the captures end in
SPEED = 8  # 40 s in all, which begin when the connector listens


@pytest.fixture(scope="module")
def seen_by(
    settings: Settings, make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Seen]]:
    """What each saw, all at the same time; they come with the API, which is there long before Spark is."""
    stack = WholeStack(make_settings(tmp_path_factory.mktemp("watched") / "data"))
    clients = {name: foreign_client(name, settings.cache_dir) for name in WATCHING}
    options = (*(f"--replay={file}" for file in CAPTURES["spot"]), "--keep-times", f"--speed={SPEED}")
    port = stack.settings.port("api")
    try:
        with ThreadPoolExecutor(1 + len(WATCHING)) as pool:
            up = pool.submit(stack.up, *options)
            wait_until(lambda: up.done() or answers("127.0.0.1", port, KNOWN), deadline_s=120, what="an API that knows")
            told = {name: pool.submit(client.tells, "market", LAST_MS, port=port) for name, client in clients.items()}
            up.result()
            yield lambda name: told[name].result()
    finally:
        stack.command("down")


@pytest.mark.parametrize("name", WATCHING)
def test_who_watches_sees_what_the_exchange_published(seen_by: Callable[[str], Seen], name: str) -> None:
    seen = seen_by(name)
    [trade], [ticker], klines = seen["trade"], seen["ticker"], seen["kline"]
    published = {each["t"]: each for each in captured_trades()}
    assert {field: trade[field] for field in "tpqTm"} == {field: published[trade["t"]][field] for field in "tpqTm"}
    assert (ticker["s"], ticker["c"] in {each["p"] for each in published.values()}) == ("BTCUSDT", True)
    official = {kline[0]: [Decimal(text) for text in kline[1:6]] for kline in official_klines("1m")}
    watched = {_opened(kline): _prices(kline) for kline in klines}
    proven = watched.keys() & official.keys()  # the captures begin within a minute, of which the exchange told more
    assert proven
    assert {opened: watched[opened] for opened in proven} == {opened: official[opened] for opened in proven}


def _opened(kline: Any) -> int:
    return int(kline["t"] if isinstance(kline, dict) else kline[0])


def _prices(kline: Any) -> list[Decimal]:
    """Open, high, low, close and volume, as messages have them or as ccxt does, which makes floats of them."""
    told = [kline[field] for field in "ohlcv"] if isinstance(kline, dict) else kline[1:6]
    return [Decimal(str(amount)) for amount in told]
