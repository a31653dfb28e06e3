from pathlib import Path

import aiohttp
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import run
from tests.unit.exchange.local.troubled import switchable


def test_a_judge_reads_who_came_and_what_they_were_answered(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.get("/api/v3/historicalTrades?symbol=BTCUSDT")
            await client.fault("rest_error", status=429, retry_after_s=7, paths=["/api/v3/time"])
            await client.get("/api/v3/time")
            async with client.open("/stream"):
                visits = await client.get("/oracle/visits")
        assert [
            (v["host"], v["path"], v["symbol"], v["status"], v["used_weight"], v["retry_after_s"]) for v in visits
        ] == [
            ("exchange-api", "/api/v3/historicalTrades", "BTCUSDT", 200, 25, None),
            ("exchange-api", "/api/v3/time", None, 429, None, 7),
            ("exchange-api", "/stream", None, 101, None, None),
        ]
        assert [v["at_ms"] for v in visits] == sorted(v["at_ms"] for v in visits)

    run(story)


def test_a_request_that_was_reset_has_no_answer(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("refuse", for_s=60)
            with pytest.raises(aiohttp.ClientConnectionError):
                await client.ask("/stream")
            (*_, last) = await client.get("/oracle/visits")
        assert (last["path"], last["status"]) == ("/stream", None)

    run(story)
