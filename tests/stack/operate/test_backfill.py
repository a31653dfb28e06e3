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
from tests.emptied_topics import empty_topics
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
    empty_topics(kafka)  # an empty database takes all that is there
    names = ("postgres_host", "postgres_port", "postgres_user", "postgres_password", "postgres_db")
    stores = {name: getattr(database, name) for name in names} | {"kafka_bootstrap_servers": kafka}

    async def tell(story: Story) -> None:
        async with market(tmp_path, make_settings, absent=()) as made:
            settings = made.settings.model_copy(update=stores | {"cold_url": f"file:{tmp_path / 'lake'}"})
            await story(settings, await made.now_ms() // DAY_MS * DAY_MS)

    return lambda story: asyncio.run(asyncio.wait_for(tell(story), 180))


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

    await asyncio.to_thread(wait_until, is_whole, deadline_s=90, what="the candles stored")
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
        env=child_environment(settings), cwd=settings.data_dir, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    assert [json.loads(line) for line in done.stderr.splitlines()] == told["days"]
    return told


def facts(candle: Candle) -> list[object]:
    return [getattr(candle, name) for name in EXCHANGE_FIELDS]


def test_history_is_filled_once_and_leaves_candles_of_trades_alone(play: Callable[[Story], None]) -> None:
    async def story(settings: Settings, midnight_ms: int) -> None:
        yesterday = Minutes(midnight_ms - DAY_MS, midnight_ms - MINUTE_MS)
        evening = Minutes(midnight_ms - 120 * MINUTE_MS, midnight_ms + 60 * MINUTE_MS)
        page = await klines(settings, evening.within(yesterday))
        one, two = [kline for kline in page if kline.trade_count][:2]  # which minutes are quiet, the clock decides
        others = [kline for kline in page if kline not in (one, two)]
        own = {"origin": Origin.TRADES, "first_trade_id": 1, "last_trade_id": 1_000}
        wrong = msgspec.structs.replace(two, **own | {"close": Decimal(1), "low": Decimal(1)})
        with closing(WarmWriter(settings)) as warm:
            warm.write([msgspec.structs.replace(one, **own), wrong])

        with writing(settings):  # all the time: a group that is left and joined again takes seconds
            first = await backfill(settings, evening, What.KLINES)
            await until_stored(settings, evening.within(yesterday))
            rest = await backfill(settings, yesterday, What.KLINES)
            stored = await until_stored(settings, yesterday)
            trades = (await backfill(settings, yesterday, What.BOTH))["trades", True]
            again = await asyncio.to_thread(run_command, settings, yesterday)

        by_file, by_rest = first["klines", True], first["klines", False]
        assert (by_file.source, by_file.stored, by_file.differing) == ("archive", 118, 1)
        assert by_rest.stored == 0 or by_rest.source == "exchange"
        assert (rest["klines", True].source, rest["klines", True].stored) == ("archive", 1_320)
        assert [facts(stored.candles[kline.open_time]) for kline in others] == list(map(facts, others))
        assert {stored.candles[kline.open_time].origin for kline in others} == {Origin.ARCHIVE}
        assert {stored.candles[at].origin for at in (one.open_time, two.open_time)} == {Origin.TRADES}
        assert stored.candles[two.open_time].close == Decimal(1)

        assert (trades.stored, trades.missing_ids, trades.is_complete) == (IDS, 0, True)
        assert (trades.differing, trades.first_differing) == (1, two.open_time)
        ((begin, end),) = TradesArchive(settings).ranges(SYMBOL, 0, 2**53)
        assert end - begin + 1 == IDS
        assert again["totals"]["days"] == {"there": 2}

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
