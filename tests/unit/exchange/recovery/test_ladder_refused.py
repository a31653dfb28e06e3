"""The lower rungs of the ladder: what is done where the database of old trades does not answer for where we are."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.ladder_market import (
    SYMBOL,
    assert_exact,
    assert_repaired,
    climb,
    host_that_answers,
    is_absent,
    market,
    refusing,
    run,
    statuses,
)
from wickstream.binance.archive import DAY_MS, day_of
from wickstream.candle import Origin
from wickstream.errors import FeedLost, RateLimited
from wickstream.events import GapStatus, Source
from wickstream.exchange.local.doors.archive import Flaw
from wickstream.exchange.recovery import absence
from wickstream.exchange.recovery.ladder import Ladder
from wickstream.exchange.rest.archive import Archive
from wickstream.exchange.rest.client import ExchangeClient

YESTERDAY = 40_000  # ids ago: each loop of 60 ids takes four minutes
REPAIRED, ABSENCE, OPEN = GapStatus.REPAIRED, GapStatus.ABSENT, GapStatus.OPEN


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absence, "PAUSE_S", 0.01)


@pytest.mark.parametrize("status", [403, 451])
def test_where_the_database_is_closed_to_us_the_archive_fills_the_hole(
    tmp_path: Path, make_settings: SettingsMaker, status: int
) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(status)) as (url, asked),
            market(tmp_path, make_settings, exchange_trades_url=url) as here,
        ):
            gap = await here.hole(ids=500, ago=YESTERDAY)

            steps = await climb(here.settings, gap)

            await assert_repaired(here, gap, steps, by=Source.ARCHIVE)
            await assert_exact(here, steps)
            assert asked == ["/api/v3/historicalTrades"]
            assert {piece.filled_by for step in steps for piece in step.pieces} == {"archive", None}

    run(story)


def test_a_hole_over_midnight_is_read_from_both_days(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(451)) as (url, _),
            market(tmp_path, make_settings, exchange_trades_url=url) as here,
        ):
            midnight_ms = (await here.now_ms() // DAY_MS - 2) * DAY_MS
            (after, *_) = await here.truth.agg_trades(SYMBOL, start_ms=midnight_ms, limit=1)
            gap = await here.hole(ids=1)
            gap = msgspec.structs.replace(
                gap, first_trade_id=after.first_trade_id - 100, last_trade_id=after.first_trade_id + 100
            )

            steps = await climb(here.settings, gap)

            await assert_repaired(here, gap, steps, by=Source.ARCHIVE)
            candles = await assert_exact(here, steps)
            assert {day_of(c.open_time) for c in candles} == {day_of(midnight_ms - 1), day_of(midnight_ms)}

    run(story)


def test_trades_that_are_refused_everywhere_give_candles_only(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(451)) as (url, _),
            market(tmp_path, make_settings, exchange_trades_url=url, exchange_archive_url=url) as here,
        ):
            gap = await here.hole(ids=500, ago=3_000)

            steps = await climb(here.settings, gap)

            found = statuses(gap, steps)
            assert {one for one, status in found.items() if status is ABSENCE} == set(filter(is_absent, found))
            assert set(found.values()) == {GapStatus.CANDLES_ONLY, ABSENCE}
            assert not [trade for step in steps for trade in step.trades]
            candles = await assert_exact(here, steps)
            assert {c.origin for c in candles if c.trade_count} == {Origin.AGG}
            # Nothing better has turned up since: not a word.
            again = msgspec.structs.replace(gap, status=GapStatus.CANDLES_ONLY)
            assert await climb(here.settings, again) == []

    run(story)


def test_the_newest_trades_are_had_without_the_database(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(451)) as (url, _),
            market(tmp_path, make_settings, exchange_trades_url=url, exchange_archive_url=url) as here,
        ):
            gap = await here.hole(ids=300, ago=600)

            steps = await climb(here.settings, gap)

            await assert_repaired(here, gap, steps, by=Source.REST)
            assert {piece.filled_by for step in steps for piece in step.pieces} == {"trades", None}

    run(story)


@pytest.mark.parametrize("flaw", [Flaw.WRONG_CHECKSUM, Flaw.TRUNCATED, Flaw.INCOMPLETE])
def test_a_bad_file_of_the_archive_repairs_nothing_until_it_is_issued_anew(
    tmp_path: Path, make_settings: SettingsMaker, flaw: Flaw
) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(451)) as (url, _),
            market(tmp_path, make_settings, exchange_trades_url=url) as here,
        ):
            gap = await here.hole(ids=200, ago=YESTERDAY)
            for trade in await here.trades(gap.first_trade_id or 0, gap.last_trade_id or 0):  # of one day or two
                here.flaws[f"{SYMBOL}-trades-{day_of(trade.traded_at_ms)}"] = flaw

            async with ExchangeClient(here.settings) as client, Archive(here.settings) as archive:
                ladder = Ladder(client, archive)
                first = [step async for step in ladder.climb(gap)]
                here.flaws.clear()
                only_candles = msgspec.structs.replace(gap, status=GapStatus.CANDLES_ONLY)
                second = [step async for step in ladder.climb(only_candles)]

            assert REPAIRED not in statuses(gap, first).values()
            await assert_exact(here, first)
            repaired = [trade for step in second for trade in step.trades]
            assert len(repaired) == len(await here.trades(gap.first_trade_id or 0, gap.last_trade_id or 0))

    run(story)


def test_a_host_that_is_silent_is_waited_for_before_candles_are_settled_for(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(503)) as (url, _),
            market(tmp_path, make_settings, exchange_trades_url=url, exchange_archive_url=url) as here,
        ):
            with pytest.raises(FeedLost):
                await climb(here.settings, await here.hole(ids=500, ago=3_000))

    run(story)


def test_during_a_ban_nothing_is_asked_of_any_host(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with (
            host_that_answers(refusing(418, Retry_After="1")) as (url, asked),
            market(tmp_path, make_settings, exchange_trades_url=url) as here,
        ):
            gap = await here.hole(ids=10)
            async with ExchangeClient(here.settings) as client, Archive(here.settings) as archive:
                ladder = Ladder(client, archive)
                for _ in range(3):
                    with pytest.raises(RateLimited):
                        [step async for step in ladder.climb(gap)]
                assert len(asked) == 1
                async with asyncio.timeout(10):
                    while len(asked) == 1:
                        with pytest.raises(RateLimited) as banned:
                            [step async for step in ladder.climb(gap)]
                        await asyncio.sleep(min(0.1, banned.value.retry_after_s))

    run(story)
