from pathlib import Path
from typing import Any

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import hear, run
from tests.unit.exchange.local.troubled import switchable


def test_all_trades_are_told_page_by_page(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client, client.open("/ws/btcusdt@trade") as socket:
            first = await hear(socket)
            while (last := await hear(socket))["t"] < first["t"] + 50:
                pass
            rows: list[list[Any]] = []
            following = first["t"]
            while following is not None and following <= last["t"]:
                page = await client.get(f"/oracle/trades?symbol=BTCUSDT&from_id={following}&limit=7")
                rows, following = rows + page["data"], page["next_from_id"]
            assert rows[0] == [first["t"], first["T"], "100.00000000", "1.00000000", False]
            assert [row[0] for row in rows][:51] == list(range(first["t"], last["t"] + 1))

    run(story)


def test_of_a_symbol_that_is_not_listed_the_oracle_tells_what_there_was(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("unlisted", symbol="ETHUSDT")
            asked = "klines?symbol=ETHUSDT&interval=1m&limit=2"
            assert (await client.get(f"/api/v3/{asked}"))["code"] == -1121
            assert await client.get(f"/oracle/{asked}") == []  # this one is to have no past

    run(story)


def test_neither_faults_nor_weights_reach_the_oracle(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with switchable(tmp_path, make_settings) as client:
            await client.fault("rest_error", paths=["*"])
            await client.fault("rest_lag", by_ms=60_000)
            status, headers, _ = await client.ask("/oracle/klines?symbol=BTCUSDT&interval=1m&limit=2")
            assert (status, "X-MBX-USED-WEIGHT" in headers) == (200, False)
            symbols = await client.get("/oracle/symbols")
            [btc, _] = symbols["data"]
            [kline] = await client.get("/oracle/klines?symbol=BTCUSDT&interval=1s&limit=1")
            assert kline[0] + 1_000 > symbols["as_of"]
            assert btc["first_trade_id"] < btc["last_trade_id"]
            assert (await client.get("/oracle/trades?symbol=XYZUSDT"))["code"] == -1121

    run(story)
