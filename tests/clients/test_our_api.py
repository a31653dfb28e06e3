"""Clients as they come from PyPI, with only the base URL changed, get the captures' official klines from our API."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.captured_tiers import captured
from tests.clients.environments import Seen, foreign_client
from tests.clients.truth import (
    ETH,
    HISTORICAL,
    as_far_as_published,
    as_rest,
    captured_trades,
    forming_kline,
    official_klines,
)
from tests.conftest import SettingsMaker
from tests.running import Launcher
from tests.scripted_source import ScriptedSource
from tests.serving import served
from wickstream.config import Settings
from wickstream.serve.app import build_app

pytestmark = [pytest.mark.clients, pytest.mark.stack, pytest.mark.timeout(600)]

MINUTE_MS = 60_000
FIRST_MS = 1_723_161_300_000  # 23:55: of 23:54, and of what it is part of, the recording has a piece only
LAST_MS = FIRST_MS + 10 * MINUTE_MS  # 00:05
AT_ONCE = 2
STORIES = {
    "ccxt_pro": "served",
    "python_binance": "served",
    "binance_sdk_spot": "served",
    "freqtrade": "download",
}


@pytest.fixture(scope="module")
def api_port(
    postgres: Settings, make_settings: SettingsMaker, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Of our API over tiers that hold the captures, when the last minute is forming."""
    own = make_settings(tmp_path_factory.mktemp("captured"))
    with (
        captured(own, postgres, launcher) as settings,
        served(build_app(settings, open_source=ScriptedSource().opened)) as address,
    ):
        yield int(address.rpartition(":")[2])


@pytest.fixture(scope="module")
def seen_by(api_port: int, settings: Settings) -> Iterator[Callable[[str], dict[str, Any]]]:
    """What a client saw, by what it was asked for."""

    def told(name: str) -> Seen:
        return foreign_client(name, settings.cache_dir).tells(STORIES[name], port=api_port)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        told_by = {name: pool.submit(told, name) for name in STORIES}
        yield lambda name: {what: facts[-1] for what, facts in told_by[name].result().items()}


def klines(interval: str) -> list[list[Any]]:
    """What /api/v3/klines has: proven ones, and the forming one last."""
    return [*official_klines(interval), forming_kline(interval)]


def assert_minutes(told: list[list[Any]]) -> None:
    """Of single minutes the exchange published prices and volumes, in shorter text."""
    assert as_far_as_published(told, klines("1m")) == as_far_as_published(klines("1m"), klines("1m"))


def as_floats(rows: list[list[Any]]) -> list[list[float]]:
    return [[row[0], *map(float, row[1:6])] for row in rows]


def test_the_truth_begins_with_the_first_whole_minute_and_ends_with_the_forming_one() -> None:
    assert [row[0] for row in klines("1m")] == list(range(FIRST_MS, LAST_MS + 1, MINUTE_MS))
    assert [row[0] for row in klines("5m")] == [FIRST_MS, FIRST_MS + 5 * MINUTE_MS, LAST_MS]


def test_ccxt(seen_by: Callable[[str], dict[str, Any]]) -> None:
    seen, newest = seen_by("ccxt_pro"), captured_trades()[-1]
    assert seen["time"] == max(newest["T"], captured_trades(ETH)[-1]["T"])
    assert (seen["symbols"], seen["active"]) == (["BTC/USDT", "ETH/USDT"], True)
    for interval in ("1m", "5m"):
        assert seen[interval] == as_floats(klines(interval))
    assert seen["first"] == as_floats(klines("1m")[:1])
    assert told_trades(seen["recent"]) == [as_rest(trade) for trade in captured_trades()[-3:]]
    assert (seen["day"]["last"], seen["day"]["info"]["lastId"]) == (float(newest["p"]), newest["t"])
    assert "order books are not kept" in seen["error"][1]


def test_python_binance(seen_by: Callable[[str], dict[str, Any]]) -> None:
    seen, trades = seen_by("python_binance"), captured_trades()
    assert seen["ping"] == {}
    assert seen["time"]["serverTime"] == max(trade["T"] for trade in trades + captured_trades(ETH))
    assert {row["symbol"]: row["status"] for row in seen["info"]["symbols"]} == {
        "BTCUSDT": "TRADING",
        "ETHUSDT": "TRADING",
    }
    assert told_trades(seen["recent"]) == [as_rest(trade) for trade in trades[-3:]]
    assert told_trades(seen["historical"]) == [as_rest(trade) for trade in trades if 0 <= trade["t"] - HISTORICAL < 3]
    assert_minutes(seen["1m"])
    assert (seen["5m"], seen["range"]) == (klines("5m"), official_klines())
    assert (seen["day"]["lastId"], seen["price"]["price"]) == (trades[-1]["t"], trades[-1]["p"])
    assert (seen["average"]["mins"], seen["average"]["closeTime"]) == (5, trades[-1]["T"])
    assert seen["error"] == [400, -1121, "Invalid symbol."]


def test_binance_sdk_spot(seen_by: Callable[[str], dict[str, Any]]) -> None:
    seen, trades = seen_by("binance_sdk_spot"), captured_trades()
    assert [row["symbol"] for row in seen["info"]["symbols"]] == ["BTCUSDT", "ETHUSDT"]
    assert told_trades(seen["recent"]) == [as_rest(trade) for trade in trades[-3:]]
    assert told_trades(seen["historical"]) == [as_rest(trade) for trade in trades if 0 <= trade["t"] - HISTORICAL < 3]
    assert seen["day"]["actual_instance"]["lastId"] == trades[-1]["t"]
    assert_minutes(seen["1m"])
    assert seen["5m"] == klines("5m")
    assert [row[0] for row in seen["day_there"]] == [FIRST_MS - (7 * 60 + 55) * MINUTE_MS]
    assert "order books are not kept" in seen["error"]


def test_freqtrade_which_itself_leaves_out_what_is_forming(seen_by: Callable[[str], dict[str, Any]]) -> None:
    seen = seen_by("freqtrade")
    assert seen["code"] == 0
    for interval in ("1m", "5m"):
        assert seen[interval] == as_floats(official_klines(interval))


def told_trades(trades: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what no frame has."""
    names = as_rest(captured_trades()[0])
    return [{name: trade[name] for name in names} for trade in trades]
