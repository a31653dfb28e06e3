from pathlib import Path

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import playing, run
from tests.unit.exchange.local.made_trades import capture, trade
from tests.unit.exchange.local.troubled import switchable
from wickstream.exchange.local.market.recording import ReplayPlan


def test_faults_are_shown_added_and_removed(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            status, added = await client.fault("stall", streams=["btcusdt@*"], for_s=60)
            assert (status, added["id"], added["state"]) == (201, 1, "on")
            assert [fault["fault"] for fault in await client.get("/faults")] == ["stall"]
            assert await client.delete("/faults/1") == 204
            assert await client.delete("/faults/1") == 404
            assert await client.get("/faults") == []
            assert await client.fault("stall", stream="x") == (
                400, {"error": "stall: Object contains unknown field `stream`"}
            )  # fmt: skip
            assert (await client.fault("status", symbol="XYZUSDT", status="HALT"))[0] == 400

    run(story)


def test_without_being_asked_for_there_is_no_door(tmp_path: Path, make_settings: SettingsMaker) -> None:
    trades = capture(tmp_path / "one.frames", [trade(1, 60_000), trade(2, 60_001)])

    async def story() -> None:
        async with playing(make_settings(tmp_path), ReplayPlan((trades,), demo=True)) as (client, _):
            assert (await client.ask("/faults"))[0] == 404

    run(story)
