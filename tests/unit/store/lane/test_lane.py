"""What the live lane says, and how often."""

from decimal import Decimal

from tests.candles import MIDNIGHT_MS
from wickstream.events import Ticker, Trade
from wickstream.store.lane.lane import Lane
from wickstream.store.lane.last_trades import KEEP, render
from wickstream.store.lane.live import Clock
from wickstream.store.pace import Pace


def trade(trade_id: int, symbol: str = "BTCUSDT") -> Trade:
    return Trade(symbol, trade_id, Decimal(trade_id), Decimal(1), MIDNIGHT_MS + trade_id, buyer_is_maker=False)


def ticker(event_at_ms: int) -> Ticker:
    zero = Decimal(0)
    return Ticker("BTCUSDT", event_at_ms, event_at_ms, 1, 2, 2, *[zero] * 8)


def lane() -> Lane:
    return Lane(pause_s=0.05, process_ms=lambda: 77)


def test_the_first_change_is_due_at_once_and_the_next_after_the_pause() -> None:
    pace = Pace(0.05)
    pace.touch("A")
    assert pace.due(10.0) == ["A"]

    pace.touch("A")
    pace.touch("B")
    assert pace.due(10.04) == ["B"]
    assert pace.due(10.06) == ["A"]
    assert pace.due(11.0) == []


def test_a_burst_is_one_change_with_its_newest_trade() -> None:
    subject = lane()
    for number in range(1, 6):
        subject.take_trade(trade(number))
    (change,) = subject.due(1.0)

    assert change.trade == trade(5)
    assert change.candle is not None
    assert change.candle.trade_count == 5
    assert change.ticker is None


def test_every_trade_of_a_burst_is_written_once_but_no_more_than_are_kept() -> None:
    subject = lane()
    for number in (1, 2, 2, 3):
        subject.take_trade(trade(number))
    assert [change.rows for change in subject.due(1.0)] == [tuple(render(trade(number)) for number in (1, 2, 3))]

    for number in range(4, KEEP + 10):
        subject.take_trade(trade(number))
    (change,) = subject.due(2.0)
    assert change.rows == tuple(render(trade(number)) for number in range(10, KEEP + 10))


def test_after_a_failed_write_the_last_trades_are_offered_again() -> None:
    subject = lane()
    for number in range(1, KEEP + 3):
        subject.take_trade(trade(number))
    (before,) = subject.due(1.0)
    subject.take_trade(trade(KEEP + 3))
    subject.due(2.0)

    subject.forget_written()

    (change,) = subject.due(3.0)
    assert change.rows == (*before.rows[1:], render(trade(KEEP + 3)))


def test_an_older_ticker_and_a_known_trade_are_no_change() -> None:
    subject = lane()
    subject.take_ticker(ticker(MIDNIGHT_MS + 10), b"{}")
    subject.take_trade(trade(5))
    subject.due(1.0)

    subject.take_ticker(ticker(MIDNIGHT_MS + 9), b"{}")
    subject.take_trade(trade(5))
    assert subject.due(2.0) == []


def test_a_ticker_is_offered_with_the_frame_that_it_came_in() -> None:
    subject = lane()
    subject.take_ticker(ticker(MIDNIGHT_MS + 10), b'{"newer":1}')
    subject.take_ticker(ticker(MIDNIGHT_MS + 9), b'{"older":1}')
    (change,) = subject.due(1.0)
    assert change.frame == b'{"newer":1}'

    subject.take_trade(trade(5))
    (change,) = subject.due(2.0)
    assert (change.ticker, change.frame) == (None, b"")


def test_the_clock_is_the_newest_time_heard_and_never_goes_back() -> None:
    subject = lane()
    subject.take_ticker(ticker(MIDNIGHT_MS + 10), b"{}")
    subject.take_trade(trade(3))

    assert subject.clock == Clock(MIDNIGHT_MS + 10, 77, MIDNIGHT_MS + 3)


def test_after_a_failed_write_everything_is_due_again() -> None:
    subject = lane()
    subject.take_ticker(ticker(MIDNIGHT_MS), b"{}")
    subject.take_trade(trade(1, "ETHUSDT"))
    written = subject.due(1.0)

    subject.forget_written()

    assert sorted(subject.due(1.0), key=lambda c: c.symbol) == sorted(written, key=lambda c: c.symbol)
    assert {change.symbol for change in written} == {"BTCUSDT", "ETHUSDT"}
