"""The sequencer between an exchange, two lossy channels, a log that keeps whole transactions, and kills."""

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.exchange.market_truth import FIRST_ID, MIDNIGHT_MS, arrival, ids, sequencer, ticker, traded, true_mark
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark, Source, Trade
from wickstream.exchange.sequencing.marks import ProvenMark
from wickstream.exchange.sequencing.minutes import TICKER_GRACE_MS
from wickstream.exchange.sequencing.sequencer import PLAUSIBLE_JUMP

ROOM_BYTES = 8 * arrival(traded(FIRST_ID, 0)).held_bytes
KLINES_TRAIL_MS = 3_000


class Life(RuleBasedStateMachine):
    """What is published must be ids that only grow, and marks that are true; whatever happens, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.at_ms = 30_000  # after midnight
        self.is_trading = True
        self.trading_minutes = {0}  # with an instant of trading: the exchange has a kline
        self.happened = [traded(FIRST_ID, self.at_ms)]
        self.absent: set[int] = set()  # ids the exchange never gave away
        self.wrong_id = 10**12
        self.doubted: set[int] = set()  # skipped, and no kline has spoken of them yet
        self.forgotten: set[int] = set()  # those of a life before: the next commit has to tell of them
        self.commits = 0
        self.written: list[tuple[int, Trade]] = []  # with the number of their commit: the clock of producers
        self.proven: list[ProvenMark] = []
        self.listed: list[tuple[int, Gap]] = []

    @property
    def published(self) -> list[Trade]:
        return [trade for _, trade in self.written]

    @property
    def marks(self) -> list[Mark]:
        return [proven.mark for proven in self.proven]

    @initialize(is_listing=st.booleans())
    def start(self, is_listing: bool) -> None:  # noqa: FBT001
        """The first trade there ever was; whether we know that is another matter."""
        self.one = sequencer(ROOM_BYTES)
        self.one.start_at(FIRST_ID, now_s=0.0, is_first_ever=is_listing)

    # The exchange

    @rule(pause_ms=st.sampled_from((0, 1, 900, 10_000, 31_000, 65_000, 150_000)), counts=st.integers(0, 9))
    def trade(self, pause_ms: int, counts: int) -> None:
        self.wait(pause_ms)
        if self.is_trading:
            self.happened.append(traded(self.next_id, self.at_ms, counts=counts > 0))

    @rule(count=st.integers(1, 3))
    def give_ids_to_nobody(self, count: int) -> None:
        self.absent.update(range(self.next_id, self.next_id + count))

    @rule(pause_ms=st.sampled_from((0, 20_000, 61_000)), commit=st.booleans())
    def flow(self, pause_ms: int, commit: bool) -> None:  # noqa: FBT001
        """As nearly always."""
        for _ in range(3):
            self.trade(pause_ms, 1)
        self.all_new_frames()
        if commit:
            self.commit()

    @rule(pause_ms=st.sampled_from((0, 20_000, 61_000)))
    def skip_ids(self, pause_ms: int) -> None:
        self.give_ids_to_nobody(2)
        self.trade(pause_ms, 1)
        self.all_new_frames()
        self.two_late_pages_lack_ids()

    @property
    def next_id(self) -> int:
        return FIRST_ID + len(self.happened) + len(self.absent)

    @rule(pause_ms=st.sampled_from((500, 20_000, 62_500, 130_000)))
    def wait(self, pause_ms: int) -> None:
        before, self.at_ms = self.at_ms, self.at_ms + pause_ms
        if self.is_trading:
            self.trading_minutes.update(range(before // MINUTE_MS, self.at_ms // MINUTE_MS + 1))

    @rule()
    def halt_or_resume(self) -> None:
        self.is_trading = not self.is_trading
        if self.is_trading:
            self.trading_minutes.add(self.at_ms // MINUTE_MS)

    # What reaches us

    @rule(which=st.integers(0, 2**16), span=st.integers(1, 6))
    def frames(self, which: int, span: int) -> None:
        """Some that happened, newest first as often as not: late, doubled, or after a loss."""
        start = which % len(self.happened)
        frames = self.happened[start : start + span]
        for trade in frames if which % 2 else reversed(frames):
            self.hear(trade)

    @rule()
    def all_new_frames(self) -> None:
        for trade in self.happened[-12:]:
            self.hear(trade)

    def hear(self, trade: Trade) -> None:
        assert self.one.is_plausible(trade.trade_id)
        self.one.accept(arrival(trade), now_s=0.0)

    @rule(is_ticker=st.booleans())
    def wrong_message(self, is_ticker: bool) -> None:  # noqa: FBT001
        """No two of them agree."""
        self.wrong_id += 2 * PLAUSIBLE_JUMP
        if is_ticker:
            self.one.on_ticker(ticker(self.wrong_id, self.at_ms), now_s=0.0)
        else:
            assert not self.one.is_plausible(self.wrong_id)

    @rule()
    def day_ticker(self) -> None:
        self.one.on_ticker(ticker(self.happened[-1].trade_id, self.at_ms), now_s=0.0)

    @rule(page=st.integers(1, 5), lacking=st.integers(0, 5))
    def refill(self, page: int, lacking: int) -> None:
        """A database that trails: ids may be missing inside its page."""
        hole = self.one.hole()
        if hole is not None:
            found = [trade for trade in self.happened if trade.trade_id >= hole.first][:page]
            for trade in (trade for trade in found if trade.trade_id % 6 != lacking):
                self.one.accept(arrival(trade, Source.REST), now_s=0.0)

    @rule()
    def two_late_pages_lack_ids(self) -> None:
        """Whether they are absent or the pages wrong, klines will tell; but for trades that they do not count."""
        hole = self.one.hole()
        if hole is None or hole.bounded_at_s is None:
            return
        lacking = range(hole.first, hole.last + 1)
        if all(trade.counts for trade in self.happened if trade.trade_id in lacking):
            self.one.skip(hole, detected_at_ms=MIDNIGHT_MS + self.at_ms, now_s=0.0, evidence="")
            self.doubted.update(lacking)

    @rule()
    def status_poll(self) -> None:
        if self.is_trading:
            self.one.minutes.trading_at(MIDNIGHT_MS + self.at_ms)

    @rule()
    def klines(self) -> None:
        undecided = self.one.minutes.undecided_since()
        if undecided is None:
            return
        ended = (MIDNIGHT_MS + self.at_ms - KLINES_TRAIL_MS) // MINUTE_MS
        minutes = (MIDNIGHT_MS + minute * MINUTE_MS for minute in sorted(self.trading_minutes))
        closed = [minute for minute in minutes if undecided <= minute < ended * MINUTE_MS]
        counts = {minute: self.true_count(minute) for minute in closed}
        self.one.minutes.decide(counts, {minute: self.true_close(minute) for minute in closed})

    # Kafka

    @rule()
    def commit(self) -> None:
        self.commits += 1
        by_id = {trade.trade_id: trade for trade in self.happened}
        self.written += [(self.commits, by_id[trade_id]) for trade_id in ids(self.one)]
        self.proven += self.one.take_marks(producers_ms=self.commits)
        gaps = self.one.take_gaps(detected_at_ms=MIDNIGHT_MS + self.at_ms)
        self.listed += [(self.commits, gap) for gap in gaps]
        self.forgotten.clear()

    @rule()
    def give_up(self) -> None:
        self.one.break_segment(detected_at_ms=MIDNIGHT_MS + self.at_ms, now_s=0.0, evidence="")

    @rule()
    def kill(self) -> None:
        """What was not committed is gone; the next process reads what Kafka holds since its newest mark."""
        self.one = sequencer(ROOM_BYTES)
        proven = max(self.proven, key=lambda proven: (proven.mark.open_time, proven.mark.trade_count), default=None)
        mark, since_ms = (proven.mark, proven.since_ms) if proven else (None, 0)
        next_id = mark.next_trade_id if mark else FIRST_ID
        written = [trade for at, trade in self.written if at >= since_ms and trade.trade_id >= next_id]
        listed = [gap for at, gap in self.listed if at >= since_ms and gap.first_trade_id is not None]
        since = map(arrival, written)
        self.one.resume(mark, since, now_s=0.0, next_id=next_id, since_ms=since_ms, listed=listed)
        self.forgotten |= self.doubted
        self.doubted.clear()

    # The truth

    def true_count(self, open_time: int) -> int:
        return sum(trade.counts and open_time <= trade.traded_at_ms < open_time + MINUTE_MS for trade in self.happened)

    def true_close(self, open_time: int) -> Decimal:
        ends = open_time + MINUTE_MS
        return [trade.price for trade in self.happened if trade.counts and trade.traded_at_ms < ends][-1]

    @invariant()
    def ids_only_grow(self) -> None:
        published = [trade.trade_id for trade in self.published]
        assert published == sorted(set(published))

    def ids_listed(self, *statuses: GapStatus) -> set[int]:
        return {
            trade_id
            for _, gap in self.listed
            if gap.first_trade_id is not None and gap.last_trade_id is not None and gap.status in statuses
            for trade_id in range(gap.first_trade_id, gap.last_trade_id + 1)
        }

    @invariant()
    def what_is_missing_is_in_the_ledger(self) -> None:
        here = {trade.trade_id for trade in self.published}
        listed = self.ids_listed(GapStatus.OPEN, GapStatus.ABSENT)
        assert set(range(FIRST_ID, max(here, default=0))) <= here | listed | self.doubted | self.forgotten
        assert not here & listed

    @invariant()
    def absent_is_absent(self) -> None:
        assert self.ids_listed(GapStatus.ABSENT) <= self.absent

    @invariant()
    def every_mark_is_true_and_in_order(self) -> None:
        for mark in self.marks:
            assert mark == true_mark(self.happened, mark.open_time, next_trade_id=mark.next_trade_id)
            assert (mark.open_time - MIDNIGHT_MS) // MINUTE_MS in self.trading_minutes
            assert mark.open_time + MINUTE_MS <= MIDNIGHT_MS + self.at_ms
        minutes = [mark.open_time for mark in self.marks]
        assert minutes == sorted(minutes)

    @invariant()
    def halts_are_halts(self) -> None:
        for _, gap in self.listed:
            if gap.status == GapStatus.HALTED:
                assert gap.open_time is not None
                assert (gap.open_time - MIDNIGHT_MS) // MINUTE_MS not in self.trading_minutes

    @invariant()
    def nothing_is_held_beyond_the_room(self) -> None:
        assert self.one._room.used_bytes <= ROOM_BYTES

    def teardown(self) -> None:
        """In the end the exchange is calm, everything can be had, and nothing is left undone."""
        self.is_trading = True
        for _ in range(3):
            self.trade(MINUTE_MS, 1)
        self.wait(MINUTE_MS + TICKER_GRACE_MS)
        self.day_ticker()
        while (hole := self.one.hole()) is not None:
            self.refill(5, lacking=-1)
            if self.one.hole() == hole:
                self.two_late_pages_lack_ids()
        self.day_ticker()
        self.wait(MINUTE_MS)
        for _ in range(2):  # a halt is believed when it is told twice
            self.klines()
        self.commit()
        self.doubted.clear()
        for check in (self.ids_only_grow, self.what_is_missing_is_in_the_ledger, self.every_mark_is_true_and_in_order):
            check()
        assert self.published[-1] == self.happened[-1]
        assert self.marks[-1].open_time >= MIDNIGHT_MS + (self.at_ms // MINUTE_MS - 3) * MINUTE_MS


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=250, stateful_step_count=40)
