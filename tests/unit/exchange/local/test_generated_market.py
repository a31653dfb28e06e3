from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import ask, hear, playing, run
from tests.unit.exchange.local.made_markets import made_world
from wickstream.exchange.local.market.generator import traded_at_first
from wickstream.exchange.local.market.market_plan import MarketPlan
from wickstream.exchange.local.market.recording import ReplayPlan

SMALL = MarketPlan(symbols=12, rate=60, seed=7)
ENDLESS = ReplayPlan(generated=SMALL, demo=True)
BRIEF = ReplayPlan(generated=MarketPlan(symbols=12, rate=60, seed=7, seconds=150), speed=None)


NAMES = traded_at_first(SMALL)


def test_it_trades_now_and_has_a_past(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), ENDLESS) as (client, _), client.open("/ws/btcusdt@trade") as socket:
            frame = await hear(socket)
            [row] = await client.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&limit=1&fromId={frame['t']}")
            minutes = await client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=61")
            now_ms = (await client.get("/api/v3/time"))["serverTime"]

        assert abs(frame["T"] - now_ms) < 2_000
        assert (row["price"], row["qty"], row["time"]) == (frame["p"], frame["q"], frame["T"])
        assert len(minutes) == 61
        assert all(a[6] + 1 == b[0] for a, b in pairwise(minutes))

    run(story)


def test_it_begins_when_all_are_listened_to_and_ends_when_its_seconds_are_over(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    settings = make_settings(tmp_path, ticker_symbols=NAMES)
    assert BRIEF.generated
    expected = made_world(BRIEF.generated, demo=False).histories["BTCUSDT"].end or 0

    async def story() -> None:
        async with playing(settings, BRIEF) as (client, task), client.open("/stream") as socket:
            before = await client.get("/api/v3/ticker/24hr?symbol=BTCUSDT")
            await ask(socket, "SUBSCRIBE", [f"{symbol.lower()}@trade" for symbol in NAMES])
            heard: dict[str, list[int]] = {"BTCUSDT": []}
            while len(heard["BTCUSDT"]) < expected:
                frame = (await hear(socket))["data"]
                heard.setdefault(frame["s"], []).append(frame["t"])
            await task
            after = await client.get("/api/v3/ticker/24hr?symbol=BTCUSDT")

        assert 149_000 < after["closeTime"] - before["closeTime"] <= 150_000
        assert (heard["BTCUSDT"][0], heard["BTCUSDT"][-1]) == (before["lastId"] + 1, after["lastId"])
        assert "币安人生USDT" in heard
        assert all(ids == list(range(ids[0], ids[-1] + 1)) for ids in heard.values())

    run(story)


def test_what_was_told_before_a_restart_is_told_again(tmp_path: Path, make_settings: SettingsMaker) -> None:
    path = "/api/v3/historicalTrades?symbol=ETHUSDT&limit=500&fromId="

    async def story() -> None:
        pages: list[Any] = []
        from_id = 0
        for _ in range(2):
            async with playing(make_settings(tmp_path), ENDLESS) as (client, _):
                newest = await client.get("/api/v3/trades?symbol=ETHUSDT&limit=1")
                from_id = from_id or newest[0]["id"] - 500
                pages.append(await client.get(f"{path}{from_id}"))
        assert pages[0] == pages[1]
        assert len(pages[0]) == 500

    run(story)


def test_permissions_are_left_out_for_who_does_not_want_them(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), ENDLESS) as (client, _):
            sets = {}
            for query in ("", "?showPermissionSets=true", "?showPermissionSets=false"):
                info = await client.get(f"/api/v3/exchangeInfo{query}")
                sets[query] = [row["permissionSets"] for row in info["symbols"]]
            wrong = await client.get("/api/v3/exchangeInfo?showPermissionSets=maybe")

        assert sets[""] == sets["?showPermissionSets=true"]
        assert all(sets[""])
        assert not any(sets["?showPermissionSets=false"])
        assert wrong["code"] == -1100

    run(story)
