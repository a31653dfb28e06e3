"""The ladder against the running local exchange: what it says of a hole, compared to the exchange's own list."""

from pathlib import Path

import msgspec
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.ladder_market import (
    ABSENT,
    FIRST_ID,
    LOOP,
    assert_exact,
    assert_repaired,
    climb,
    is_absent,
    market,
    run,
    statuses,
)
from wickstream.candle import Origin
from wickstream.events import MINUTE_MS, GapStatus, Source
from wickstream.exchange.recovery import absence, draft
from wickstream.exchange.recovery.ladder import Ladder, ready_at_ms
from wickstream.exchange.rest.archive import Archive
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sequencing.arrival import Arrival

YESTERDAY = 40_000  # ids ago: each loop of 60 ids takes four minutes
REPAIRED, ABSENCE, OPEN = GapStatus.REPAIRED, GapStatus.ABSENT, GapStatus.OPEN


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absence, "PAUSE_S", 0.01)


def test_a_hole_is_fetched_by_id_and_its_minutes_are_the_exchange_s_own(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with market(tmp_path, make_settings) as here:
            gap = await here.hole(ids=3_000, ago=10_000)

            steps = await climb(here.settings, gap)

            await assert_repaired(here, gap, steps, by=Source.REST)
            candles = await assert_exact(here, steps)
            assert len(candles) >= 3_000 // LOOP * 4
            assert {c.origin for c in candles} == {Origin.TRADES}
            assert steps[-1].rest is None

    run(story)


def test_the_minutes_at_both_edges_are_whole(tmp_path: Path, make_settings: SettingsMaker) -> None:
    """Of a hole of one id: its minute, and those of its neighbours, which nothing else would prove."""

    async def story() -> None:
        async with market(tmp_path, make_settings) as here:
            first_of_its_minute = (await here.newest_id() - 10_000 - FIRST_ID) // LOOP * LOOP + FIRST_ID
            gap = msgspec.structs.replace(
                await here.hole(ids=1), first_trade_id=first_of_its_minute, last_trade_id=first_of_its_minute
            )

            steps = await climb(here.settings, gap)

            candles = await assert_exact(here, steps)
            assert len(candles) == 2
            assert candles[1].first_trade_id == first_of_its_minute
            assert [len(step.trades) for step in steps] == [1]

    run(story)


def test_the_minute_behind_a_hole_that_ends_with_its_minute_is_whole_too(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with market(tmp_path, make_settings) as here:
            last_of_its_minute = (await here.newest_id() - 10_000 - FIRST_ID) // LOOP * LOOP + FIRST_ID - 1
            gap = msgspec.structs.replace(
                await here.hole(ids=1), first_trade_id=last_of_its_minute, last_trade_id=last_of_its_minute
            )

            candles = await assert_exact(here, await climb(here.settings, gap))

            assert [c.first_trade_id for c in candles][-1] == last_of_its_minute + 1
            assert len(candles) == 2

    run(story)


def test_a_minute_of_several_pages_is_whole_though_one_id_of_it_is_missing(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    busy = [*range(0, 60_000, 20), *range(60_000, 180_000, 10_000)]

    async def story() -> None:
        async with market(tmp_path, make_settings, absent=(), times_ms=busy) as here:
            middle = (await here.newest_id() - 40_000 - FIRST_ID) // len(busy) * len(busy) + FIRST_ID + 2_500
            gap = msgspec.structs.replace(await here.hole(ids=1), first_trade_id=middle, last_trade_id=middle)

            steps = await climb(here.settings, gap)

            (candle,) = await assert_exact(here, steps)
            assert candle.trade_count == 3_000
            assert [trade.trade_id for step in steps for trade in step.trades] == [middle]

    run(story)


def test_a_small_hole_costs_one_page(tmp_path: Path, make_settings: SettingsMaker) -> None:
    """Many symbols lose a few ids at once whenever the way to the exchange does."""

    async def story() -> None:
        async with market(tmp_path, make_settings) as here:
            first = (await here.newest_id() - 10_000 - FIRST_ID) // LOOP * LOOP + FIRST_ID + ABSENT + 1
            gap = msgspec.structs.replace(await here.hole(ids=1), first_trade_id=first, last_trade_id=first + 30)
            asked: list[int] = []

            class Counted(ExchangeClient):
                async def historical_trades(self, symbol: str, from_id: int) -> list[Arrival]:
                    asked.append(from_id)
                    return await super().historical_trades(symbol, from_id)

            async with Counted(here.settings) as client, Archive(here.settings) as archive:
                steps = [step async for step in Ladder(client, archive).climb(gap)]

            await assert_repaired(here, gap, steps, by=Source.REST)
            assert len(asked) == 1

    run(story)


def test_a_long_hole_comes_in_steps_that_each_say_what_is_left(
    tmp_path: Path, make_settings: SettingsMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft, "STEP_TRADES", 500)

    async def story() -> None:
        async with market(tmp_path, make_settings) as here:
            gap = await here.hole(ids=3_000, ago=10_000)

            steps = await climb(here.settings, gap)

            assert len(steps) >= 5
            assert max(len(step.trades) for step in steps) < 500 + 25
            for step in steps[:-1]:
                assert step.rest is not None
                assert step.rest.first_trade_id == step.trades[-1].trade_id + 1
            await assert_repaired(here, gap, steps, by=Source.REST)

    run(story)


@pytest.mark.parametrize("applied", [1, 3])
def test_a_climb_that_was_broken_off_goes_on_where_it_was(
    tmp_path: Path, make_settings: SettingsMaker, monkeypatch: pytest.MonkeyPatch, applied: int
) -> None:
    monkeypatch.setattr(draft, "STEP_TRADES", 300)

    async def story() -> None:
        async with market(tmp_path, make_settings) as here:
            gap = await here.hole(ids=2_000, ago=10_000)
            first = (await climb(here.settings, gap))[:applied]
            assert first[-1].rest is not None

            steps = first + await climb(here.settings, first[-1].rest)

            await assert_repaired(here, gap, steps, by=Source.REST)

    run(story)


def test_an_entry_is_not_finished_before_the_minute_behind_it_is_over(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with market(tmp_path, make_settings) as here:
            gap = await here.hole(ids=900, ago=1_000, detected_ago_ms=0)
            gap = msgspec.structs.replace(gap, detected_at=gap.detected_at + 2 * MINUTE_MS)  # whatever second it is

            steps = await climb(here.settings, gap)

            left = [one for one, status in statuses(gap, steps).items() if status is OPEN]
            assert left == list(range(left[0], (gap.last_trade_id or 0) + 1))
            assert 0 < len(left) < 3 * LOOP
            assert "not over" in (steps[-1].pieces[-1].evidence or "")
            assert ready_at_ms(gap) > await here.now_ms()
            await assert_exact(here, steps)

    run(story)


def test_in_a_replay_an_id_that_is_not_there_stays_open(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with market(tmp_path, make_settings) as here:
            gap = await here.hole(ids=200, ago=10_000)

            steps = await climb(here.settings, gap, absence_is_provable=False)

            found = statuses(gap, steps)
            assert {one for one, status in found.items() if status is OPEN} == set(filter(is_absent, found))
            assert set(found.values()) == {OPEN, REPAIRED}

    run(story)
