"""A symbol in letters of another script, through all tiers to the API."""

from typing import Any

import httpx
import pytest

from tests.conftest import free_port_base
from tests.serving import served
from tests.stored_market import MINUTES, closed_candles, store_market
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.store.cold.candles import ColdCandles

pytestmark = pytest.mark.stack

NAME = "币安人生USDT"


PATHS = {"klines": f"/api/v1/analytics/klines/{NAME}", "board": "/api/v1/market/realtime"}


def asked(settings: Settings, *names: str) -> list[Any]:
    """What the API answers."""
    with served(build_app(settings)) as address, httpx.Client(base_url=address, trust_env=False) as client:
        return [client.get(PATHS[name]).json() for name in names]


@pytest.fixture
def stored(stores: Settings) -> Settings:
    settings = stores.model_copy(update={"ticker_symbols": (NAME,), "source": "demo"})
    store_market(settings, NAME)
    ColdCandles(settings).store(closed_candles(NAME), {})
    return settings


def test_it_comes_out_of_every_tier_as_it_went_in(stored: Settings) -> None:
    of_all, board = asked(stored, "klines", "board")
    (of_warm,) = asked(stored.model_copy(update={"redis_port": free_port_base()}), "klines")

    assert {row["symbol"] for row in of_all["data"]} == {NAME}
    assert len(of_all["data"]) == MINUTES + 1
    assert {"hot", "lane"} <= set(of_all["sources"])
    assert [row["last_price"] for row in board["data"] if row["symbol"] == NAME] == [of_all["data"][-1]["close"]]
    assert (len(of_warm["data"]), of_warm["sources"][1]) == (MINUTES + 1, "warm")


def test_the_lake_finds_it_by_name(stored: Settings) -> None:
    rows = ColdCandles(stored).read(NAME, 0, 2**60, limit=MINUTES, backward=True)

    assert [row.symbol for row in rows] == [NAME] * MINUTES
