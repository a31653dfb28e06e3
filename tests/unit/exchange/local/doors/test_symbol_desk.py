from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import Client, hear, run
from tests.unit.exchange.local.troubled import heard, missing, switchable


def test_skipped_ids_are_nowhere(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client, client.open("/ws/btcusdt@trade") as socket:
            before = (await hear(socket))["t"]
            await client.fault("skip_ids", symbol="BTCUSDT", ids=7)
            events = await heard(socket, seconds=0.4)
            assert missing([{"t": before}, *events]) == 7
            told = {event["t"] for event in events}
            page = await client.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={min(told)}&limit=1000")
            assert [row["id"] for row in page][: len(told)] == sorted(told)
            oracle = await client.get(f"/oracle/trades?symbol=BTCUSDT&from_id={min(told)}")
            assert [row[0] for row in oracle["data"]][: len(told)] == sorted(told)
            for kline in await client.get("/api/v3/klines?symbol=BTCUSDT&interval=1s&limit=3"):
                rows = [row for row in oracle["data"] if kline[0] <= row[1] <= kline[6]]
                assert kline[8] >= len(rows)

    run(story)


@pytest.mark.parametrize(
    ("status", "told"), [("HALT", {"24hrTicker", "kline"}), ("BREAK", set()), ("CANCEL_ONLY", {"24hrTicker"})]
)
def test_in_a_pause_nothing_is_traded_and_ids_go_on_after_it(
    tmp_path: Path, make_settings: SettingsMaker, status: str, told: set[str]
) -> None:
    async def story() -> None:
        async with (
            switchable(tmp_path, make_settings) as client,
            client.open("/ws/btcusdt@trade/btcusdt@ticker/btcusdt@kline_1m") as socket,
        ):
            before = await heard(socket, seconds=0.3)
            await client.fault("status", symbol="BTCUSDT", status=status)
            [row] = (await client.get("/api/v3/exchangeInfo?symbol=BTCUSDT"))["symbols"]
            assert row["status"] == status
            before += await heard(socket, seconds=0.2)
            assert {event["e"] for event in await heard(socket, seconds=2.1)} == told
            await client.delete("/faults/1")
            events = before + await heard(socket, seconds=0.4)
            trades = [event for event in events if event["e"] == "trade"]
            assert missing(trades) == 0
            assert max(b["T"] - a["T"] for a, b in pairwise(trades)) > 2_000
            await _rest_agrees(client, trades)

    run(story)


async def _rest_agrees(client: Client, trades: list[dict[str, Any]]) -> None:
    """Pages, klines, aggregates, 24 h and the oracle tell of the same trades."""
    first, last = trades[0], trades[-1]
    told = {event["t"]: event["T"] for event in trades}
    page = await client.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={first['t']}&limit={len(told)}")
    assert {row["id"]: row["time"] for row in page} == told
    oracle = await client.get(f"/oracle/trades?symbol=BTCUSDT&from_id={first['t']}&limit={len(told)}")
    assert {row[0]: row[1] for row in oracle["data"]} == told
    newest = await client.get("/api/v3/trades?symbol=BTCUSDT&limit=1000")
    assert [row["id"] for row in newest] == list(range(newest[0]["id"], newest[-1]["id"] + 1))
    groups = await client.get(f"/api/v3/aggTrades?symbol=BTCUSDT&startTime={first['T']}&endTime={last['T']}&limit=1000")
    assert [number for group in groups for number in range(group["f"], group["l"] + 1)] == sorted(told)
    span = f"startTime={first['T'] - 999}&endTime={last['T']}&limit=1000"
    klines = await client.get(f"/api/v3/klines?symbol=BTCUSDT&interval=1s&{span}")
    for kline in klines[1:-1]:
        assert kline[8] == len([time for time in told.values() if kline[0] <= time <= kline[6]])
    opened = [kline[0] for kline in klines]
    assert any(b - a > 1_000 for a, b in pairwise(opened)), "no kline for a second in the pause"
    day = await client.get("/api/v3/ticker/24hr?symbol=BTCUSDT")
    assert day["lastId"] >= last["t"]
    assert day["count"] == day["lastId"] - day["firstId"] + 1


def test_a_new_listing_has_no_past(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client, client.open("/ws/btcusdt@trade") as socket:
            await hear(socket)
            await client.fault("unlisted", symbol="BTCUSDT")
            assert (await client.get("/api/v3/exchangeInfo?symbol=BTCUSDT"))["code"] == -1121
            await heard(socket, seconds=0.2)
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.3)
            await client.delete("/faults/1")
            first = (await hear(socket))["t"]
            page = await client.get("/api/v3/historicalTrades?symbol=BTCUSDT&fromId=0&limit=5")
            assert page[0]["id"] == first
            [btc, _] = (await client.get("/oracle/symbols"))["data"]
            assert (btc["symbol"], btc["status"], btc["first_trade_id"]) == ("BTCUSDT", "TRADING", first)
            [kline] = (await client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m"))[-1:]
            assert kline[8] < 400

    run(story)
