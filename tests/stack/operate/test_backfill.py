"""History from the exchange's files and REST to the stores: once, and without taking anything's place."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import SettingsMaker
from tests.holes import writing
from tests.running import wait_until
from tests.unit.exchange.ladder_market import LOOP, SYMBOL, market
from wickstream.binance.archive import DAY_MS
from wickstream.bus.topics import create_topics
from wickstream.candle import EXCHANGE_FIELDS, Candle, Origin
from wickstream.config import Settings, child_environment
from wickstream.events import MINUTE_MS
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.backfill.held import Held, Stored
from wickstream.operate.backfill.job import fill
from wickstream.operate.backfill.outcome import Filled, Outcome
from wickstream.operate.backfill.wanted import Minutes, Wanted, What
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.warm.coverage import incomplete_symbols
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

Story = Callable[[Settings, int], Awaitable[None]]
IDS = DAY_MS // 240_000 * LOOP  # of a day


@pytest.fixture
def play(database: Settings, kafka: str, tmp_path: Path, make_settings: SettingsMaker) -> Callable[[Story], None]:
    """Tell a story with a market, stores of its own, and the midnight before now."""
    create_topics(kafka)
    names = ("postgres_host", "postgres_port", "postgres_user", "postgres_password", "postgres_db")
    stores = {name: getattr(database, name) for name in names} | {"kafka_bootstrap_servers": kafka}

    async def tell(story: Story) -> None:
        async with market(tmp_path, make_settings, absent=()) as made:
            settings = made.settings.model_copy(update=stores | {"cold_url": f"file:{tmp_path / 'lake'}"})
            await story(settings, await made.now_ms() // DAY_MS * DAY_MS)

    return lambda story: asyncio.run(asyncio.wait_for(tell(story), 60))


async def backfill(settings: Settings, minutes: Minutes, what: What) -> dict[tuple[str, bool], Filled]:
    """What became of each, by its kind and whether it is the first day."""
    told: list[Filled] = []
    await fill(settings, Wanted((SYMBOL,), minutes, what), begin=lambda *_: None, tell=told.append)
    first_day = min(one.day for one in told)
    return {(one.what, one.day == first_day): one for one in told}


async def until_stored(settings: Settings, minutes: Minutes) -> Stored:
    end_ms = minutes.last + MINUTE_MS

    def is_whole() -> bool:
        return not incomplete_symbols(settings, [SYMBOL], start_ms=minutes.first, end_ms=end_ms)

    await asyncio.to_thread(wait_until, is_whole, what="the candles stored")
    with closing(Held(settings)) as held:
        return await asyncio.to_thread(held.stored, SYMBOL, minutes)


async def klines(settings: Settings, minutes: Minutes) -> list[Candle]:
    async with ExchangeClient(settings) as client:
        page = await client.klines(SYMBOL, minutes.first, now_ms=2**53)
    return page[: minutes.size]


def run_command(settings: Settings, minutes: Minutes) -> dict[str, Any]:
    """In a process of its own, as JSON."""
    options = {"symbols": SYMBOL, "start": minutes.first, "end": minutes.last, "what": "both"}
    done = subprocess.run(
        [sys.executable, "-m", "wickstream", "backfill", "--json", *(f"--{k}={v}" for k, v in options.items())],
        env=child_environment(settings), cwd=settings.data_dir, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    assert [json.loads(line) for line in done.stderr.splitlines()] == told["days"]
    return told


def facts(candle: Candle) -> list[object]:
    return [getattr(candle, name) for name in EXCHANGE_FIELDS]


def test_candles_come_from_the_file_and_over_rest_and_leave_those_of_trades_alone(
    play: Callable[[Story], None],
) -> None:
    async def story(settings: Settings, midnight_ms: int) -> None:
        both_days = Minutes(midnight_ms - 120 * MINUTE_MS, midnight_ms + 60 * MINUTE_MS)
        before = Minutes(both_days.first, midnight_ms - MINUTE_MS)
        one, two, *others = await klines(settings, before)
        own = {"origin": Origin.TRADES, "first_trade_id": 1, "last_trade_id": 1_000}
        wrong = msgspec.structs.replace(two, **own | {"close": Decimal(1), "low": Decimal(1)})
        with closing(WarmWriter(settings)) as warm:
            warm.write([msgspec.structs.replace(one, **own), wrong])

        with writing(settings):
            told = await backfill(settings, both_days, What.KLINES)
            yesterday, today = told["klines", True], told["klines", False]
            stored = await until_stored(settings, before)
            again = await backfill(settings, before, What.KLINES)

        assert (yesterday.source, yesterday.stored, yesterday.differing) == ("archive", 118, 1)
        assert today.stored == 0 or today.source == "exchange"
        assert [facts(stored.candles[kline.open_time]) for kline in others] == list(map(facts, others))
        assert {stored.candles[kline.open_time].origin for kline in others} == {Origin.ARCHIVE}
        assert {stored.candles[at].origin for at in (one.open_time, two.open_time)} == {Origin.TRADES}
        assert stored.candles[two.open_time].close == Decimal(1)
        assert again["klines", True].outcome is Outcome.THERE

    play(story)


def test_trades_and_candles_of_a_day_are_fetched_once_and_are_the_same(play: Callable[[Story], None]) -> None:
    async def story(settings: Settings, midnight_ms: int) -> None:
        day = Minutes(midnight_ms - DAY_MS, midnight_ms - MINUTE_MS)
        with writing(settings):
            first = await backfill(settings, day, What.KLINES)
            stored = await until_stored(settings, day)
            second = await backfill(settings, day, What.BOTH)  # compared with what is stored
            third = await asyncio.to_thread(run_command, settings, day)

        assert first["klines", True].stored == len(stored.candles) == 1_440
        assert second["klines", True].outcome is Outcome.THERE
        trades = second["trades", True]
        assert (trades.stored, trades.missing_ids, trades.is_complete, trades.differing) == (IDS, 0, True, 0)
        assert third["totals"]["days"] == {"there": 2}
        assert [one["outcome"] for one in third["days"]] == ["there", "there"]
        ((begin, end),) = TradesArchive(settings).ranges(SYMBOL, 0, 2**53)
        assert end - begin + 1 == IDS

    play(story)


def test_today_and_tomorrow_have_no_trades_yet(play: Callable[[Story], None]) -> None:
    async def story(settings: Settings, midnight_ms: int) -> None:
        wanted = Wanted((SYMBOL,), Minutes(midnight_ms, midnight_ms + 3 * DAY_MS - MINUTE_MS), What.TRADES)
        told: list[Filled] = []
        begun: list[tuple[int, int]] = []
        await fill(settings, wanted, begin=lambda *counts: begun.append(counts), tell=told.append)

        assert begun == [(1, 2)]
        assert [one.outcome for one in told] == [Outcome.NO_FILE_YET]

    play(story)
