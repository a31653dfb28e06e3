import asyncio
from collections.abc import Mapping
from decimal import Decimal

import pytest

from tests.id_hash import id_hash
from tests.unit.exchange.made_exchange import MIDNIGHT_MS, OTHER, SYMBOL, MadeExchange, on_virtual_time, rest
from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.bus.producer import Batch, Record
from wickstream.errors import FeedLost
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, Mark, SymbolEvent
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.sequencer import Sequencer
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.refill import asks_now
from wickstream.exchange.sessions.start import AT_ONCE, COLD_START_PAGES, RETRY_S, WITH_HISTORY, Start
from wickstream.exchange.sessions.tail import STARTED, Tail

HOUR_MS = 3_600_000


class Scene:
    """A start 30 s after midnight; the exchange has ids 100 to 104, one of them 2 s before midnight."""

    def __init__(self, *symbols: str, listings: Mapping[str, int] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.exchange = MadeExchange()
        self.exchange.starts_ms = 30_000
        self.lay_down(100, -5_000, -2_000, -499, 0, 10_000)
        clock = ExchangeClock()
        clock.sync(self.exchange.now_ms, now_s=self.loop.time())
        self.shard = Shard(symbols or (SYMBOL,), clock, instance="me")
        self.start = Start(self.shard, self.exchange.client, listings=listings or {})

    @property
    def one(self) -> Sequencer:
        return self.shard.sequencers[SYMBOL]

    def lay_down(self, first_id: int, *times_ms: int, symbol: str = SYMBOL) -> None:
        trades = [rest(first_id + number, at_ms, symbol) for number, at_ms in enumerate(times_ms)]
        self.exchange.trades[symbol] = trades

    async def begin_cold(self, first_id: int, *, floor: int | None = None) -> None:
        await self.start.begin({SYMBOL: Tail(next_id=floor)}, {SYMBOL: first_id})

    def taken(self) -> list[Record | Batch]:
        return self.shard.take_records(now_s=self.loop.time())

    def minutes(self) -> list[int]:
        return [(one.mark.open_time - MIDNIGHT_MS) // MINUTE_MS for one in self.one.take_marks()]

    def ids(self) -> list[int]:
        return [trade_id for run in self.one.take_runs() for trade_id in run.ids]


# Nobody followed it


def test_a_cold_start_begins_one_trade_before_the_running_minute_and_says_so_first() -> None:
    async def scene() -> None:
        play = Scene()
        await play.begin_cold(104)
        assert play.one.next_id == 105

        announced, *trades = play.taken()
        assert isinstance(announced, Record)
        event = decode(announced.value, SymbolEvent)
        assert event == SymbolEvent(SYMBOL, Author.CONNECTOR, STARTED, event.since, chosen=True, next_trade_id=101)
        assert [len(batch.values) for batch in trades if isinstance(batch, Batch)] == [4]

    on_virtual_time(scene)


def test_the_running_minute_of_a_cold_start_is_proven_by_the_ordinary_rule() -> None:
    async def scene() -> None:
        play = Scene()
        await play.begin_cold(104)
        play.one.accept(rest(105, MINUTE_MS), now_s=play.loop.time())

        (proven,) = play.one.take_marks()
        assert (proven.mark.open_time, proven.mark.trade_count) == (MIDNIGHT_MS, 2)

    on_virtual_time(scene)


def test_without_a_database_a_cold_start_begins_behind_the_newest_id() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.has_database = False
        await play.begin_cold(104)

        assert (play.one.next_id, play.ids()) == (105, [])

    on_virtual_time(scene)


def test_a_cold_start_does_not_go_back_for_hours() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(9, -2 * HOUR_MS)
        await play.begin_cold(9)

        assert (play.one.next_id, play.ids()) == (10, [])

    on_virtual_time(scene)


def test_a_cold_start_of_a_market_with_too_many_trades_a_minute_begins_behind_the_newest_id() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(100_000, *range(30_000))
        await play.begin_cold(129_999)

        assert (play.one.next_id, play.ids()) == (130_000, [])
        assert play.exchange.times_asked("historicalTrades") == COLD_START_PAGES

    on_virtual_time(scene)


def test_a_symbol_that_was_quiet_for_a_day_begins_behind_its_last_trade_and_not_at_zero() -> None:
    """Its 24-hour ticker says -1; starting at 0 would fetch its whole history, or list it as lost."""

    async def scene() -> None:
        play = Scene()
        play.lay_down(5_000, *(-25 * HOUR_MS + number for number in range(3)))
        await play.begin_cold(-1)

        assert (play.one.next_id, play.one.hole()) == (5_003, None)

    on_virtual_time(scene)


def test_a_symbol_we_saw_appear_begins_at_zero_and_its_first_minute_is_proven() -> None:
    async def scene() -> None:
        play = Scene(listings={SYMBOL: MIDNIGHT_MS})
        play.lay_down(0)
        await play.begin_cold(-1)
        for trade_id, at_ms in enumerate((40_000, MINUTE_MS, 2 * MINUTE_MS)):
            play.one.accept(rest(trade_id, at_ms), now_s=play.loop.time())

        assert play.minutes() == [0, 1]

    on_virtual_time(scene)


def test_a_symbol_nobody_knows_a_trade_of_begins_with_the_first_that_comes() -> None:
    async def scene() -> None:
        play = Scene()
        play.lay_down(0)
        beginning = asyncio.ensure_future(play.begin_cold(-1))
        await asyncio.sleep(3_600)
        assert play.one.next_id is None
        for trade_id, at_ms in ((700, 40_000), (701, MINUTE_MS), (702, 2 * MINUTE_MS)):
            play.one.accept(rest(trade_id, at_ms), now_s=play.loop.time())
        await asyncio.wait_for(beginning, 1)

        assert play.ids() == [700, 701, 702]
        assert play.minutes() == [1]

    on_virtual_time(scene)


def test_what_was_published_when_it_was_followed_before_is_not_published_again() -> None:
    async def scene() -> None:
        play = Scene()
        await play.begin_cold(104, floor=103)
        assert play.ids() == [103, 104]

        play = Scene()
        await play.begin_cold(102, floor=200)
        assert play.one.next_id == 200

    on_virtual_time(scene)


def test_while_the_exchange_does_not_answer_the_newest_id_is_waited_for() -> None:
    async def scene() -> None:
        play = Scene()
        play.exchange.failure = FeedLost("no answer")
        beginning = asyncio.ensure_future(play.begin_cold(-1))
        await asyncio.sleep(3 * RETRY_S)
        assert play.one.next_id is None
        play.exchange.failure = None
        await asyncio.wait_for(beginning, 2 * RETRY_S)

        assert play.one.next_id == 105

    on_virtual_time(scene)


def test_a_symbol_dropped_while_it_was_to_begin_is_left_alone() -> None:
    async def scene() -> None:
        play = Scene(SYMBOL, OTHER)
        beginning = asyncio.ensure_future(play.begin_cold(104))
        await asyncio.sleep(0)
        play.shard.drop(SYMBOL, now_s=play.loop.time())
        await beginning

        assert play.taken() == []

    on_virtual_time(scene)


@pytest.mark.parametrize(("count", "has_history"), [(WITH_HISTORY, True), (WITH_HISTORY + 1, False)])
def test_of_many_symbols_none_is_begun_with_history(*, count: int, has_history: bool) -> None:
    async def scene() -> None:
        names = [f"S{number}USDT" for number in range(count)]
        play = Scene(*names)
        for name in names:
            play.lay_down(100, -2_000, 0, symbol=name)
        beginning = asyncio.ensure_future(play.start.begin(dict.fromkeys(names, Tail()), dict.fromkeys(names, 101)))
        await asyncio.sleep(0.005)
        assert len(play.exchange.asked) == (AT_ONCE if has_history else 0)
        await beginning

        assert [one.next_id for one in play.shard.sequencers.values()] == [102] * count
        assert play.exchange.times_asked("historicalTrades") == (count if has_history else 0)

    on_virtual_time(scene)


# A predecessor followed it


def test_what_a_predecessor_missed_is_known_from_the_tickers_and_asked_for_at_once() -> None:
    async def scene() -> None:
        play = Scene()
        tails = {SYMBOL: Tail(next_id=103, is_cold=False)}
        play.start.resume(tails)
        play.exchange.failure = FeedLost("no answer")
        beginning = asyncio.ensure_future(play.start.begin(tails, {}))
        await asyncio.sleep(5)
        play.exchange.failure = None
        await beginning

        hole = play.one.hole()
        assert hole is not None
        assert (hole.first, hole.last) == (103, 104)
        assert asks_now(hole, play.loop.time())

    on_virtual_time(scene)


def test_a_symbol_the_exchange_tells_nothing_of_does_not_keep_the_others_waiting() -> None:
    async def scene() -> None:
        play = Scene(SYMBOL, "GONEUSDT")
        tails = {name: Tail(next_id=103, is_cold=False) for name in (SYMBOL, "GONEUSDT")}
        play.start.resume(tails)
        await asyncio.wait_for(play.start.begin(tails, {}), 5)

        assert [hole.symbol for hole in play.shard.holes] == [SYMBOL]

    on_virtual_time(scene)


def test_a_mark_and_the_trades_since_are_gone_on_from() -> None:
    async def scene() -> None:
        play = Scene()
        mark = Mark(SYMBOL, MIDNIGHT_MS - MINUTE_MS, 100, 102, 3, 303, id_hash([100, 101, 102]), Decimal("1.5"), 103)
        listed = [Gap(SYMBOL, 105, 105, None, 1, GapStatus.OPEN)]
        trades = [rest(103, 0), rest(104, 10_000), rest(106, 20_000), rest(108, 25_000)]
        tail = Tail(mark, next_id=103, written_ms=777, trades=trades, listed=listed, is_cold=False)
        play.start.resume({SYMBOL: tail})

        assert play.one.next_id == 109
        (gap,) = play.one.take_gaps(detected_at_ms=0)
        assert (gap.first_trade_id, gap.last_trade_id, gap.detected_at) == (107, 107, MIDNIGHT_MS + 30_000)
        assert play.taken() == []

    on_virtual_time(scene)


def test_a_cold_tail_is_not_resumed_and_holds_what_comes_until_it_begins() -> None:
    async def scene() -> None:
        play = Scene()
        play.start.resume({SYMBOL: Tail(next_id=90)})
        play.one.accept(rest(105, 31_000), now_s=play.loop.time())
        assert (play.one.next_id, play.one.held) == (None, 1)

        await play.begin_cold(104)
        assert play.ids() == [101, 102, 103, 104, 105]
        assert all(record.topic != topics.FEED_GAPS for record in play.taken())

    on_virtual_time(scene)
