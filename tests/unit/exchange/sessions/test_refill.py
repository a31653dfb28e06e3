import asyncio

import pytest

from tests.unit.exchange.made_exchange import MIDNIGHT_MS, OTHER, SYMBOL, on_virtual_time, until
from tests.unit.exchange.refill_scene import Scene
from tests.unit.exchange.scripted_exchange import scripted
from wickstream.exchange.sequencing.clock import SANE_AHEAD_MS
from wickstream.exchange.sequencing.holes import Hole
from wickstream.exchange.sessions.refill import AT_ONCE, LONGEST_HOLD_S, UNSEEN_HOLE_S, asks_now, unaffordable


def hole(size: int, *, known_at_s: float = 0.0, bounded_at_s: float | None = 0.0) -> Hole:
    return Hole(SYMBOL, 1, size, known_at_s, bounded_at_s)


# Pure: rule 3


def test_a_hole_between_frames_is_asked_for_sooner_than_one_only_the_ticker_knows() -> None:
    assert [asks_now(hole(1), now_s) for now_s in (0.29, 0.3)] == [False, True]
    assert [asks_now(hole(1, bounded_at_s=None), now_s) for now_s in (1.49, 1.5)] == [False, True]


def test_holes_are_kept_while_their_pages_fit_into_a_minute_of_the_budget() -> None:
    holes = [hole(2_000), hole(1), hole(1_001)]

    assert unaffordable(holes, 5 * 25, 0.0) == []


def test_the_largest_holes_are_given_up_first() -> None:
    small, middle, large = hole(1), hole(1_001), hole(150_000)

    assert unaffordable([large, small, middle], 3 * 25, 0.0) == [large]
    assert unaffordable([large, small, middle], 3 * 25 - 1, 0.0) == [middle, large]


def test_a_hole_is_given_up_after_a_minute_however_small() -> None:
    old = hole(1)

    assert unaffordable([old], 4_200, LONGEST_HOLD_S) == []
    assert unaffordable([old], 4_200, LONGEST_HOLD_S + 0.1) == [old]


# Against an exchange


def test_a_hole_between_frames_is_filled_from_the_database_in_order() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(*range(20))
        play.bring(10, 11)
        async with play.refilling():
            await until(lambda: play.one.next_id == 20, within_s=0.5)

        assert play.ids() == list(range(5, 20))
        assert play.silent == []
        assert play.news > 0

    on_virtual_time(scene)


def test_a_hole_that_only_the_ticker_knows_is_given_a_moment_and_its_symbol_is_called_silent() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(*range(10))
        play.one.knows_of(9, now_s=play.loop.time())
        async with play.refilling():
            await asyncio.sleep(UNSEEN_HOLE_S - 0.1)
            assert (play.exchange.asked, play.silent) == ([], [])
            await until(lambda: play.one.next_id == 10, within_s=0.5)

        assert play.silent == [SYMBOL]

    on_virtual_time(scene)


def test_where_the_database_is_refused_the_newest_trades_fill_a_hole() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.has_database = False
        play.lay_down(*range(2, 15))
        play.bring(14)
        async with play.refilling():
            await until(lambda: play.one.next_id == 15)

        assert [path for path, _ in play.exchange.asked] == ["historicalTrades", "trades"]

    on_virtual_time(scene)


@pytest.mark.parametrize("status", [401, 404])
def test_where_a_real_host_refuses_old_trades_the_newest_fill_a_hole(status: int) -> None:
    async def scene() -> None:
        async with scripted() as (server, client):
            rows = [{"id": n, "price": "1.5", "qty": "2", "time": MIDNIGHT_MS, "isBuyerMaker": True} for n in range(9)]
            server.always("/api/v3/historicalTrades", {"code": -2014, "msg": "no"}, status=status)
            server.always("/api/v3/trades", rows)
            play = Scene()
            play.bring(8)
            async with play.refilling(client):
                await until(lambda: play.one.next_id == 9)

    asyncio.run(scene())


def test_a_hole_that_is_filled_leaves_nothing_to_ask_and_the_next_one_is_noticed() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(*range(30))
        play.bring(7)
        async with play.refilling() as refill:
            await until(lambda: play.one.next_id == 30)
            asked = len(play.exchange.asked)
            await asyncio.sleep(60)
            assert len(play.exchange.asked) == asked

            play.lay_down(*range(40))
            play.bring(35)
            refill.notice()
            await until(lambda: play.one.next_id == 40)

    on_virtual_time(scene)


def test_ids_the_database_does_not_show_are_asked_for_ever_less_often() -> None:
    async def scene() -> None:
        play = Scene()
        play.bring(7)
        async with play.refilling():
            await asyncio.sleep(20)

        assert 5 <= play.exchange.times_asked("historicalTrades") <= 9

    on_virtual_time(scene)


def test_the_smallest_holes_are_asked_for_first_and_few_at_once() -> None:
    async def scene() -> None:
        names = [f"S{number}USDT" for number in range(AT_ONCE + 2)]
        play = Scene(*names)
        for size, name in enumerate(reversed(names), start=6):
            play.lay_down(*range(size + 1), symbol=name)
            play.bring(size, symbol=name)
        async with play.refilling():
            await until(lambda: not play.shard.has_holes)

        assert [symbol for _, symbol in play.exchange.asked] == list(reversed(names))

    on_virtual_time(scene)


def test_a_symbol_dropped_while_its_page_was_on_its_way_is_left_alone() -> None:
    async def scene() -> None:
        play = Scene(SYMBOL, OTHER)
        for symbol in (SYMBOL, OTHER):
            play.lay_down(*range(9), symbol=symbol)
            play.bring(8, symbol=symbol)
        async with play.refilling():
            await until(lambda: len(play.exchange.asked) == 2)
            play.shard.drop(OTHER, now_s=play.loop.time())
            await until(lambda: play.one.next_id == 9)

    on_virtual_time(scene)


def test_a_trade_stamped_in_the_future_is_not_taken_from_rest_either() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(*range(5, 8), at_ms=SANE_AHEAD_MS + 3_000)
        play.bring(8)
        async with play.refilling():
            await asyncio.sleep(1)
            assert play.one.next_id == 5
            await until(lambda: play.one.next_id == 9)  # when its time has come

    on_virtual_time(scene)
