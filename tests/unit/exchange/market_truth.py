"""A made-up market, and what must be said of it, computed from the whole of it at once."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from hypothesis import strategies as st

from tests.id_hash import id_hash
from wickstream.events import MINUTE_MS, Mark, Source, Ticker, Trade
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.holes import HoldingRoom
from wickstream.exchange.sequencing.sequencer import Sequencer

MIDNIGHT_MS = 1_723_161_600_000
FIRST_ID = 1_000
SYMBOL = "BTCUSDT"


def traded(trade_id: int, at_ms: int, *, counts: bool = True) -> Trade:
    """A trade `at_ms` after midnight; its price tells ids apart."""
    price = Decimal(trade_id % 97 + 1)
    return Trade(SYMBOL, trade_id, price, Decimal(1), MIDNIGHT_MS + at_ms, buyer_is_maker=True, counts=counts)


def arrival(trade: Trade, source: Source = Source.WS) -> Arrival:
    """As it comes from a socket or from REST."""
    return Arrival.of(trade, b"." * 100, source, 0)


def ticker(last_id: int, at_ms: int, *, late_ms: int = 0) -> Ticker:
    """Statistics as of `at_ms` after midnight, sent `late_ms` after."""
    zero = Decimal(0)
    return Ticker(SYMBOL, MIDNIGHT_MS + at_ms + late_ms, MIDNIGHT_MS + at_ms, 1, last_id, last_id, *(zero,) * 8)


def sequencer(limit_bytes: int = 10_000_000) -> Sequencer:
    """One with room of its own."""
    return Sequencer(SYMBOL, HoldingRoom(limit_bytes))


def minute_of(trade: Trade) -> int:
    """Open time of the trade's minute."""
    return trade.traded_at_ms // MINUTE_MS * MINUTE_MS


def true_mark(trades: Iterable[Trade], open_time: int, *, next_trade_id: int) -> Mark:
    """What a mark of this minute must say; where the sequencer goes on is its own affair, within bounds."""
    counted = [trade for trade in trades if trade.counts]
    inside = [trade.trade_id for trade in counted if minute_of(trade) == open_time]
    known = [trade.price for trade in counted if trade.traded_at_ms < open_time + MINUTE_MS]
    return Mark(
        symbol=SYMBOL,
        open_time=open_time,
        first_trade_id=inside[0] if inside else next_trade_id,
        last_trade_id=inside[-1] if inside else next_trade_id - 1,
        trade_count=len(inside),
        id_sum=sum(inside),
        id_hash=id_hash(inside),
        close=known[-1],
        next_trade_id=next_trade_id,
    )


def true_counts(trades: Iterable[Trade]) -> dict[int, int]:
    """The exchange's klines of a market that never halted: trades by minute, quiet ones as 0."""
    counted = [minute_of(trade) for trade in trades if trade.counts]
    return {minute: counted.count(minute) for minute in range(min(counted), max(counted) + MINUTE_MS, MINUTE_MS)}


def true_closes(trades: Sequence[Trade]) -> dict[int, Decimal]:
    """The closing prices of the same klines."""
    counted = [trade for trade in trades if trade.counts]
    return {
        minute: [trade.price for trade in counted if trade.traded_at_ms < minute + MINUTE_MS][-1]
        for minute in true_counts(trades)
    }


def newest(marks: Iterable[Mark]) -> dict[int, Mark]:
    """Of each minute the mark with the larger count, as every reader keeps them."""
    kept: dict[int, Mark] = {}
    for mark in marks:
        if mark.open_time not in kept or mark.trade_count >= kept[mark.open_time].trade_count:
            kept[mark.open_time] = mark
    return kept


def proven_minutes(trades: Sequence[Trade]) -> list[int]:
    """The minutes a cold start with the first of these trades must mark: all between the first and the last one's."""
    counted = [trade for trade in trades if trade.counts]
    first, last = minute_of(counted[0]), minute_of(counted[-1])
    margin = 0 if first + MINUTE_MS - counted[0].traded_at_ms >= 500 else MINUTE_MS
    return list(range(first + MINUTE_MS + margin, last, MINUTE_MS))


def ids(sequenced: Sequencer) -> list[int]:
    """What it gives out, by id."""
    return [trade_id for run in sequenced.take_runs() for trade_id in run.ids]


def marks(sequenced: Sequencer) -> list[Mark]:
    """The marks it gives out."""
    return [proven.mark for proven in sequenced.take_marks()]


def started(at: int = FIRST_ID) -> Sequencer:
    """Cold, with this id."""
    one = sequencer()
    one.start_at(at, now_s=0.0)
    return one


def feed(sequenced: Sequencer, trades: Sequence[Trade], *, now_s: float = 0.0) -> None:
    """From a socket, in this order."""
    for trade in trades:
        sequenced.accept(arrival(trade), now_s=now_s)


def row(count: int, *, every_ms: int = 1_000, first: int = FIRST_ID) -> list[Trade]:
    """Trades at a steady pace, from midnight on."""
    return [traded(first + number, number * every_ms) for number in range(count)]


def assert_true(said: list[Mark], trades: Sequence[Trade], minutes: list[int]) -> None:
    """These minutes are marked, in order, each as it truly was."""
    assert [mark.open_time for mark in said] == minutes
    for mark in said:
        assert mark == true_mark(trades, mark.open_time, next_trade_id=mark.next_trade_id)
        following = [t.trade_id for t in trades if t.counts and t.traded_at_ms >= mark.open_time + MINUTE_MS]
        assert mark.next_trade_id == following[0]


PAUSES_MS = st.sampled_from((0, 0, 0, 1, 250, 4_000, 20_000, 45_000, 61_000, 200_000))


@st.composite
def markets(draw: st.DrawFn, *, off_book: bool = True, longest: int = 40) -> list[Trade]:
    """Consecutive ids, times that never fall; with quiet minutes, and trades that count nowhere."""
    pauses = draw(st.lists(PAUSES_MS, min_size=2, max_size=longest))
    trades, at_ms = [], draw(st.integers(0, MINUTE_MS))
    for number, pause in enumerate(pauses):
        at_ms += pause
        counts = not (off_book and number and draw(st.integers(0, 9)) == 0)
        trades.append(traded(FIRST_ID + number, at_ms, counts=counts))
    return trades
