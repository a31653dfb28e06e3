"""The local exchange's archive, and its hosts, which are apart as the exchange's are."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.ladder_market import LOOP, write_capture
from tests.unit.exchange.local.listening import run
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.exchange.local.doors.archive import Flaw
from wickstream.exchange.local.market.recording import ReplayPlan
from wickstream.exchange.local.process import local_exchange

DAY_US = 86_400_000_000
Answer = tuple[int, bytes, dict[str, str]]


class Hosts:
    def __init__(self, session: aiohttp.ClientSession, settings: Settings, flaws: dict[str, Flaw]) -> None:
        self._session = session
        self._settings = settings
        self.flaws = flaws

    async def get(self, host: str, path: str) -> Answer:
        async with self._session.get(f"http://127.0.0.1:{self._settings.port(host)}{path}") as answer:
            return answer.status, await answer.read(), dict(answer.headers)

    async def file(self, path: str) -> tuple[int, bytes, str]:
        """Status, content, and the checksum beside it."""
        status, content, _ = await self.get("exchange-archive", f"/data/spot/daily/{path}")
        _, checksum, _ = await self.get("exchange-archive", f"/data/spot/daily/{path}.CHECKSUM")
        return status, content, checksum.decode()


@asynccontextmanager
async def hosts(folder: Path, make_settings: SettingsMaker) -> AsyncIterator[Hosts]:
    settings, flaws = make_settings(folder, ticker_symbols=("BTCUSDT",)), dict[str, Flaw]()
    plan = ReplayPlan((write_capture(folder),), demo=True)
    async with local_exchange(settings, plan, flaw_of=flaws.get), aiohttp.ClientSession() as session:
        yield Hosts(session, settings, flaws)


def rows(content: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = archive.namelist()
        assert name.endswith(".csv")
        return [line.split(",") for line in archive.read(name).decode().splitlines()]


def test_a_day_s_trades_are_those_of_rest_with_their_times_in_us(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with hosts(tmp_path, make_settings) as here:
            status, content, checksum = await here.file("trades/BTCUSDT/BTCUSDT-trades-2025-01-01.zip")

            assert status == 200
            assert checksum == f"{hashlib.sha256(content).hexdigest()}  BTCUSDT-trades-2025-01-01.zip\n"
            found = rows(content)
            midnight_us = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
            assert all(midnight_us <= int(row[4]) < midnight_us + DAY_US for row in found)
            assert len(found) == 86_400 // 240 * (LOOP - 1)
            assert all(int(a[0]) < int(b[0]) for a, b in pairwise(found))
            path = f"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={found[0][0]}&limit=1"
            _, body, _ = await here.get("exchange-api", path)
            assert f'"id":{found[0][0]},"price":"{found[0][1]}","qty":"{found[0][2]}"'.encode() in body
            assert f'"time":{int(found[0][4]) // 1_000},'.encode() in body
            assert {row[5] for row in found} == {"True", "False"}

    run(story)


def test_before_2025_times_are_in_ms_and_the_days_fit_together(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with hosts(tmp_path, make_settings) as here:
            _, old, _ = await here.file("trades/BTCUSDT/BTCUSDT-trades-2024-12-31.zip")
            _, new, _ = await here.file("trades/BTCUSDT/BTCUSDT-trades-2025-01-01.zip")

            before, after = rows(old)[-1], rows(new)[0]
            assert int(after[0]) - int(before[0]) in (1, 2)  # one of each loop's ids was never given
            assert 0 < int(after[4]) // 1_000 - int(before[4]) < 120_000

    run(story)


def test_aggregates_and_klines_of_a_day_are_there_too(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with hosts(tmp_path, make_settings) as here:
            _, trades, _ = await here.file("trades/BTCUSDT/BTCUSDT-trades-2025-01-01.zip")
            _, aggregates, _ = await here.file("aggTrades/BTCUSDT/BTCUSDT-aggTrades-2025-01-01.zip")
            _, klines, _ = await here.file("klines/BTCUSDT/1m/BTCUSDT-1m-2025-01-01.zip")

            minutes = rows(klines)
            assert len(minutes) == 1_440
            assert {len(row) for row in minutes} == {12}
            assert all(int(row[6]) - int(row[0]) == 59_999_999 for row in minutes)
            assert sum(int(row[8]) for row in minutes) == len(rows(trades))
            told = rows(aggregates)
            assert (told[0][3], told[-1][4]) == (rows(trades)[0][0], rows(trades)[-1][0])

    run(story)


@pytest.mark.parametrize(
    "path",
    [
        "trades/BTCUSDT/BTCUSDT-trades-2999-01-01.zip",
        "trades/BTCUSDT/BTCUSDT-trades-2025-02-30.zip",
        "trades/NOSUCH/NOSUCH-trades-2025-01-01.zip",
        "trades/BTCUSDT/BTCUSDT-aggTrades-2025-01-01.zip",
        "trades/BTCUSDT/1m/BTCUSDT-trades-2025-01-01.zip",
        "klines/BTCUSDT/BTCUSDT-1m-2025-01-01.zip",
        "trades/BTCUSDT/BTCUSDT-trades-2025-01-01.csv",
    ],
)
def test_what_is_not_issued_is_not_found(tmp_path: Path, make_settings: SettingsMaker, path: str) -> None:
    async def story() -> None:
        async with hosts(tmp_path, make_settings) as here:
            assert (await here.file(path))[0] == 404

    run(story)


def test_today_is_not_issued(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with hosts(tmp_path, make_settings) as here:
            today = datetime.now(UTC).date()
            assert (await here.file(f"trades/BTCUSDT/BTCUSDT-trades-{today}.zip"))[0] == 404

    run(story)


def test_flaws_can_be_switched_and_a_file_without_them_is_issued_anew(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with hosts(tmp_path, make_settings) as here:
            name = "BTCUSDT-trades-2025-01-01"
            path = f"trades/BTCUSDT/{name}.zip"
            _, whole, checksum = await here.file(path)

            here.flaws[name] = Flaw.WRONG_CHECKSUM
            _, same, wrong = await here.file(path)
            assert same == whole
            assert wrong != checksum

            here.flaws[name] = Flaw.TRUNCATED
            _, half, right = await here.file(path)
            assert half == whole[: len(whole) // 2]
            assert right == checksum

            here.flaws[name] = Flaw.INCOMPLETE
            _, fewer, fitting = await here.file(path)
            assert hashlib.sha256(fewer).hexdigest() in fitting
            assert 0 < len(rows(fewer)) < len(rows(whole))

            here.flaws.clear()
            assert (await here.file(path))[1:] == (whole, checksum)

    run(story)


def test_the_market_data_host_has_no_old_trades_and_shares_its_weights_with_the_other(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with hosts(tmp_path, make_settings) as here:
            path = "/api/v3/historicalTrades?symbol=BTCUSDT"
            assert (await here.get("exchange", path))[0] == 404
            status, _, headers = await here.get("exchange-api", path)
            assert (status, headers["X-MBX-USED-WEIGHT-1M"]) == (200, "25")
            _, _, headers = await here.get("exchange", "/api/v3/trades?symbol=BTCUSDT")
            assert headers["X-MBX-USED-WEIGHT-1M"] == "50"
            assert (await here.get("exchange-archive", "/api/v3/time"))[0] == 404

    run(story)


def test_a_host_whose_port_is_taken_is_told_of(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        settings = make_settings(tmp_path, ticker_symbols=("BTCUSDT",))
        plan = ReplayPlan((write_capture(tmp_path),), demo=True)
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", settings.port("exchange-archive"))
        async with server:
            with pytest.raises(Mistake, match=str(settings.port("exchange-archive"))):
                async with local_exchange(settings, plan):
                    pass

    run(story)
