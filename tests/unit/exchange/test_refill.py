import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.unit.exchange.scripted_exchange import ScriptedExchange, scripted
from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.events import MINUTE_MS, SymbolEvent
from wickstream.exchange.clock import ExchangeClock
from wickstream.exchange.holes import Hole
from wickstream.exchange.refill import LONGEST_HOLD_S, Refill, asks_now, unaffordable
from wickstream.exchange.shard import Shard

MIDNIGHT_MS = 1_723_161_600_000
NOW_MS = MIDNIGHT_MS + 30_000


def hole(size: int, *, known_at_s: float = 0.0, is_between_frames: bool = True) -> Hole:
    return Hole("BTCUSDT", 1, size, known_at_s, is_between_frames=is_between_frames)


# Pure: rule 3


def test_a_hole_between_frames_is_asked_for_sooner_than_one_only_the_ticker_knows() -> None:
    assert [asks_now(hole(1), now_s) for now_s in (0.29, 0.3)] == [False, True]
    assert [asks_now(hole(1, is_between_frames=False), now_s) for now_s in (1.49, 1.5)] == [False, True]


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


# Against a REST server


def rest_trade(trade_id: int, at_ms: int = 0) -> dict[str, Any]:
    return {"id": trade_id, "price": "1.5", "qty": "2", "time": MIDNIGHT_MS + at_ms, "isBuyerMaker": True}


def pages_of(trades: list[dict[str, Any]]) -> Callable[[web.Request], web.Response]:
    """`historicalTrades` over these."""

    def answer(request: web.Request) -> web.Response:
        first = int(request.query["fromId"])
        return web.json_response([trade for trade in trades if trade["id"] >= first][:1_000])

    return answer


Scene = Callable[[ScriptedExchange, Refill, Shard], Awaitable[None]]


def play(scene: Scene) -> None:
    async def run() -> None:
        async with scripted() as (exchange, client):
            clock = ExchangeClock()
            clock.sync(NOW_MS, now_s=time.monotonic())
            shard = Shard(("BTCUSDT",), clock, instance="me")
            await scene(exchange, Refill(shard, client), shard)

    asyncio.run(run())


async def until(condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 (what is awaited has no event)
            await asyncio.sleep(0.02)


def ids_of(shard: Shard) -> list[int]:
    records = shard.take_records(now_s=time.monotonic())
    trades = [record.value for record in records if record.topic == topics.RAW_TRADES]
    return [int(data.split(b'"t":')[1].split(b",")[0]) for data in trades]


def test_a_cold_start_begins_one_trade_before_the_running_minute() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        times = (-5_000, -2_000, -499, 0, 10_000)
        trades = [rest_trade(100 + n, at_ms) for n, at_ms in enumerate(times)]
        exchange.answers["/api/v3/historicalTrades"] = pages_of(trades)
        sequencer = shard.sequencers["BTCUSDT"]

        await refill.start_cold(sequencer, 104)

        records = shard.take_records(now_s=time.monotonic())
        event = decode(records[0].value, SymbolEvent)
        assert (event.symbol, event.chosen) == ("BTCUSDT", True)
        assert [b'"t":%d,' % (101 + n) in record.value for n, record in enumerate(records[1:])] == [True] * 4
        assert sequencer.next_id == 105

    play(scene)


def test_a_cold_start_without_history_begins_behind_the_newest_id() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        await refill.start_cold(shard.sequencers["BTCUSDT"], 104)

        assert shard.sequencers["BTCUSDT"].next_id == 105
        assert exchange.asked[0][0] == "/api/v3/historicalTrades"

    play(scene)


def test_a_symbol_that_was_quiet_for_a_day_starts_behind_its_last_trade_and_not_at_zero() -> None:
    """Its 24-hour ticker says -1; starting at 0 would fetch its whole history, or list it as lost."""

    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        old = [rest_trade(5_000 + n, -90_000_000) for n in range(3)]
        exchange.always("/api/v3/trades", old)
        exchange.answers["/api/v3/historicalTrades"] = pages_of(old)

        await refill.start_cold(shard.sequencers["BTCUSDT"], -1)

        assert shard.sequencers["BTCUSDT"].next_id == 5_003
        assert shard.sequencers["BTCUSDT"].hole() is None

    play(scene)


def test_a_cold_start_does_not_go_back_for_hours() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        exchange.answers["/api/v3/historicalTrades"] = pages_of([rest_trade(9, -2 * 3_600_000)])

        await refill.start_cold(shard.sequencers["BTCUSDT"], 9)

        assert shard.sequencers["BTCUSDT"].next_id == 10
        assert ids_of(shard) == []

    play(scene)


def test_the_newest_ids_reveal_what_a_dead_predecessor_missed() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        day = [{"symbol": "BTCUSDT", "lastId": 12, "closeTime": NOW_MS}, {"symbol": "X", "lastId": 1, "closeTime": 1}]
        exchange.always("/api/v3/ticker/24hr", day)
        shard.sequencers["BTCUSDT"].start_at(10, now_s=0.0)

        assert await refill.find_first_ids() == {"BTCUSDT": 12}

        missing = shard.sequencers["BTCUSDT"].hole()
        assert missing is not None
        assert (missing.first, missing.last) == (10, 12)

    play(scene)


def test_a_hole_is_filled_from_the_database_of_old_trades() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        exchange.answers["/api/v3/historicalTrades"] = pages_of([rest_trade(n) for n in range(20)])
        shard.sequencers["BTCUSDT"].start_at(10, now_s=0.0)
        shard.sequencers["BTCUSDT"].knows_of(14, now_s=time.monotonic() - 2)

        work = asyncio.create_task(refill.run())
        await until(lambda: shard.sequencers["BTCUSDT"].next_id == 20)
        work.cancel()

        assert ids_of(shard) == list(range(10, 20))

    play(scene)


def test_where_the_database_is_refused_the_newest_trades_fill_a_hole() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        exchange.always("/api/v3/historicalTrades", {"code": -2014, "msg": "no"}, status=401)
        exchange.always("/api/v3/trades", [rest_trade(n) for n in range(5, 15)])
        shard.sequencers["BTCUSDT"].start_at(10, now_s=0.0)
        shard.sequencers["BTCUSDT"].knows_of(14, now_s=time.monotonic() - 2)

        work = asyncio.create_task(refill.run())
        await until(lambda: shard.sequencers["BTCUSDT"].next_id == 15)
        work.cancel()

    play(scene)


def test_a_hole_the_database_does_not_fill_is_not_asked_for_all_the_time() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        exchange.always("/api/v3/historicalTrades", [])
        shard.sequencers["BTCUSDT"].start_at(10, now_s=0.0)
        shard.sequencers["BTCUSDT"].knows_of(14, now_s=time.monotonic() - 2)

        work = asyncio.create_task(refill.run())
        await asyncio.sleep(1.2)
        work.cancel()

        asked = [path for path, _ in exchange.asked if path == "/api/v3/historicalTrades"]
        assert 1 <= len(asked) <= 3

    play(scene)


def test_a_hole_is_given_up_in_time_also_while_the_exchange_wants_silence() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        for path in ("historicalTrades", "trades", "exchangeInfo", "time"):
            exchange.always(f"/api/v3/{path}", {}, status=418, headers={"Retry-After": "7200"})
        sequencer = shard.sequencers["BTCUSDT"]
        sequencer.start_at(10, now_s=0.0)
        sequencer.knows_of(14, now_s=time.monotonic() - LONGEST_HOLD_S + 0.5)

        work = asyncio.create_task(refill.run())
        await until(lambda: sequencer.next_id == 15)
        work.cancel()

        (gap,) = sequencer.take_gaps(detected_at_ms=0)
        assert (gap.first_trade_id, gap.last_trade_id) == (10, 14)

    play(scene)


def test_a_quiet_minute_is_decided_by_the_exchange_s_klines() -> None:
    async def scene(exchange: ScriptedExchange, refill: Refill, shard: Shard) -> None:
        flat = ["1.5", "1.5", "1.5", "1.5", "0.0"]
        rows = [
            [MIDNIGHT_MS + n * MINUTE_MS, *flat, MIDNIGHT_MS + (n + 1) * MINUTE_MS - 1, "0.0", 0, "0.0", "0.0", "0"]
            for n in (2, 3)
        ]
        exchange.always("/api/v3/klines", rows)
        shard.clock.sync(MIDNIGHT_MS + 5 * MINUTE_MS, now_s=time.monotonic())
        sequencer = shard.sequencers["BTCUSDT"]
        trades = [rest_trade(1), rest_trade(2, MINUTE_MS), rest_trade(3, 4 * MINUTE_MS)]
        exchange.answers["/api/v3/historicalTrades"] = pages_of(trades)
        sequencer.start_at(1, now_s=0.0)
        sequencer.knows_of(3, now_s=time.monotonic() - 2)

        work = asyncio.create_task(refill.run())
        said: list[int] = []

        def decided() -> bool:
            said.extend(proven.mark.open_time for proven in sequencer.take_marks())
            return len(said) == 3

        await until(decided)
        work.cancel()

        assert said == [MIDNIGHT_MS + n * MINUTE_MS for n in (1, 2, 3)]

    play(scene)
