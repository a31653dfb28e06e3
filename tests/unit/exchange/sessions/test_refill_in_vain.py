"""Holes that are not filled: given up for repair, or skipped because the exchange lacks them."""

import asyncio

import pytest

from tests.unit.exchange.made_exchange import MIDNIGHT_MS, SYMBOL, on_virtual_time, rest, until
from tests.unit.exchange.refill_scene import Scene
from wickstream.errors import FeedLost, RateLimited
from wickstream.events import MINUTE_MS, GapStatus
from wickstream.exchange.recovery.absence import AGE_S
from wickstream.exchange.sessions.refill import LONGEST_HOLD_S

# Giving up


@pytest.mark.parametrize("failure", [FeedLost("no answer"), RateLimited("too much", retry_after_s=7_200.0)])
def test_a_hole_is_given_up_in_time_also_while_nobody_answers(failure: FeedLost | RateLimited) -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.failure = failure
        play.bring(8)
        async with play.refilling():
            await asyncio.sleep(LONGEST_HOLD_S - 1)
            assert play.one.next_id == 5
            await until(lambda: play.one.next_id == 9, within_s=2)

        (gap,) = play.gaps()
        assert (gap.first_trade_id, gap.last_trade_id, gap.status) == (5, 7, GapStatus.OPEN)
        assert gap.evidence == "not filled within 60 s; left to repair"
        assert 0 <= gap.detected_at - MIDNIGHT_MS < 200  # when they were known to be missing, not when that was said

    on_virtual_time(scene)


def test_a_hole_whose_pages_cost_more_than_a_minute_s_weight_is_given_up_at_once() -> None:
    async def scene() -> None:
        play = Scene()
        play.bring(10**6)
        async with play.refilling():
            await until(lambda: play.one.next_id == 10**6 + 1, within_s=0.5)

        assert play.exchange.asked == []

    on_virtual_time(scene)


def test_while_frames_wait_to_be_looked_at_no_hole_gets_older() -> None:
    """They may be the ones that are missing."""

    async def scene() -> None:
        play = Scene()
        play.lay_down(*range(9))
        play.bring(8)
        play.waits_s = 3_600.0
        async with play.refilling():
            await asyncio.sleep(LONGEST_HOLD_S + 10)
            assert (play.exchange.asked, play.gaps()) == ([], [])
            play.waits_s = LONGEST_HOLD_S + 5
            await until(lambda: play.one.next_id == 9, within_s=1)

    on_virtual_time(scene)


# Absence: rule 7


def test_ids_that_two_late_pages_lack_are_skipped_and_klines_have_the_last_word() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.trades[SYMBOL] = [rest(5, -600), rest(6, 0), rest(9, 5), rest(10, MINUTE_MS)]
        play.one.accept(rest(5, -600), now_s=play.loop.time())
        await asyncio.sleep(60)
        play.bring(9)
        async with play.refilling():
            await asyncio.sleep(AGE_S - 0.5)
            assert play.one.next_id == 7
            await until(lambda: play.one.next_id == 11, within_s=10)
        assert play.gaps() == []

        play.one.minutes.decide({MIDNIGHT_MS: 2}, {})
        (gap,) = play.gaps()
        assert (gap.first_trade_id, gap.last_trade_id, gap.status) == (7, 8, GapStatus.ABSENT)
        assert "2 pages hold id 10 and not these, long after it was known" in (gap.evidence or "")

    on_virtual_time(scene)


def test_ids_that_turn_up_late_are_not_skipped() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(5, 6, 9, 10)
        play.bring(9)
        async with play.refilling():
            await asyncio.sleep(AGE_S + 0.5)
            play.lay_down(*range(5, 11))
            await until(lambda: play.one.next_id == 11, within_s=10)

        assert play.ids() == list(range(5, 11))
        assert play.gaps() == []

    on_virtual_time(scene)


def test_the_newest_trades_prove_nothing_of_ids_they_do_not_reach_back_to() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.has_database = False
        play.lay_down(*range(20, 30))
        play.bring(9)
        async with play.refilling():
            await asyncio.sleep(LONGEST_HOLD_S - 1)
            assert play.one.next_id == 5

    on_virtual_time(scene)


def test_while_no_page_holds_a_higher_id_nothing_is_called_absent() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(5, 6)
        play.bring(9)
        async with play.refilling():
            await asyncio.sleep(LONGEST_HOLD_S - 1)
            assert play.one.next_id == 7

    on_virtual_time(scene)
