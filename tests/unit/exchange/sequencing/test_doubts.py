"""Ids that the exchange seems to lack, and what its klines say of them: rule 7."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.market_truth import (
    MIDNIGHT_MS,
    SYMBOL,
    arrival,
    markets,
    minute_of,
    newest,
    traded,
    true_closes,
    true_counts,
    true_mark,
)
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark, Trade
from wickstream.exchange.sequencing.doubts import Doubt
from wickstream.exchange.sequencing.minutes import MinuteBook

MINUTE = MINUTE_MS


def seems_absent(first: int, last: int) -> Gap:
    return Gap(SYMBOL, first, last, None, 7, GapStatus.OPEN, evidence="two pages lack them")


def book(*steps: Trade | Gap) -> MinuteBook:
    one = MinuteBook(SYMBOL)
    for step in steps:
        take(one, step)
    return one


def take(one: MinuteBook, step: Trade | Gap) -> None:
    if isinstance(step, Gap):
        one.doubt(step)
    else:
        one.add(arrival(step))


def klines(counts: Mapping[int, int]) -> dict[int, int]:
    """By number of the minute after midnight."""
    return {MIDNIGHT_MS + minute * MINUTE: count for minute, count in counts.items()}


def marked(one: MinuteBook) -> list[int]:
    return [(proven.mark.open_time - MIDNIGHT_MS) // MINUTE for proven in one.take_marks()]


def statuses(one: MinuteBook) -> list[tuple[int | None, GapStatus]]:
    return [(gap.first_trade_id, gap.status) for gap in one.take_findings()]


def within_minute_1() -> MinuteBook:
    """Ids 3 and 4 are missing inside the second minute; the first is the start's."""
    missing = seems_absent(3, 4)
    return book(traded(1, 0), traded(2, MINUTE), missing, traded(5, MINUTE + 5), traded(6, 2 * MINUTE))


def over_the_edge() -> MinuteBook:
    """Ids 3 and 4 may be of the second minute or of the third."""
    return book(traded(1, 0), traded(2, MINUTE), seems_absent(3, 4), traded(5, 2 * MINUTE), traded(6, 3 * MINUTE))


# One minute


def test_until_the_exchange_has_counted_there_is_neither_mark_nor_absence() -> None:
    one = within_minute_1()

    one.decide({}, {})
    one.decide(klines({0: 1}), {})

    assert (marked(one), one.take_findings()) == ([], [])
    assert one.undecided_since() == MIDNIGHT_MS + MINUTE


def test_ids_the_exchange_does_not_count_are_absent_with_all_the_evidence() -> None:
    one = within_minute_1()

    one.decide(klines({1: 2}), {})

    (mark,) = (proven.mark for proven in one.take_marks())
    assert (mark.trade_count, mark.id_sum, mark.first_trade_id, mark.last_trade_id) == (2, 7, 2, 5)
    (gap,) = one.take_findings()
    assert (gap.first_trade_id, gap.last_trade_id, gap.status, gap.detected_at) == (3, 4, GapStatus.ABSENT, 7)
    evidence = f"two pages lack them; the kline of {MIDNIGHT_MS + MINUTE} counts the 2 that are here"
    assert gap.evidence == evidence


def test_ids_the_exchange_counts_are_missing_and_their_minute_is_not_marked() -> None:
    one = within_minute_1()

    one.decide(klines({1: 4}), {})

    assert (marked(one), statuses(one)) == ([], [(3, GapStatus.OPEN)])
    assert one.undecided_since() is None


def test_later_marks_wait_behind_a_minute_in_doubt() -> None:
    one = within_minute_1()
    one.add(arrival(traded(7, 3 * MINUTE)))
    assert marked(one) == []

    one.decide(klines({1: 2}), {})

    assert marked(one) == [1, 2]


def test_several_doubts_of_one_minute_are_decided_together() -> None:
    two = (seems_absent(3, 3), traded(4, MINUTE + 4), seems_absent(5, 9))
    one = book(traded(1, 0), traded(2, MINUTE), *two, traded(10, MINUTE + 9), traded(11, 2 * MINUTE))

    one.decide(klines({1: 3}), {})

    assert (marked(one), statuses(one)) == ([1], [(3, GapStatus.ABSENT), (5, GapStatus.ABSENT)])


# More than one


def test_ids_at_the_edge_are_absent_only_when_both_minutes_are_counted() -> None:
    one = over_the_edge()

    one.decide(klines({1: 1}), {})
    # The mark goes out, and whoever restarts from it never sees the jump: so the ledger has to know of it now
    assert (marked(one), statuses(one)) == ([1], [(3, GapStatus.OPEN)])

    one.decide(klines({1: 1, 2: 1}), {})
    assert (marked(one), statuses(one)) == ([2], [(3, GapStatus.ABSENT)])


def test_ids_that_one_of_their_minutes_counts_are_missing_whatever_the_other_says() -> None:
    one = over_the_edge()

    one.decide(klines({1: 2}), {})
    one.decide(klines({1: 2, 2: 1}), {})

    assert (marked(one), statuses(one)) == ([2], [(3, GapStatus.OPEN)])


def test_ids_before_a_quiet_minute_may_be_of_it_too() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), seems_absent(3, 4), traded(5, 3 * MINUTE), traded(6, 4 * MINUTE))

    one.decide(klines({1: 1, 2: 2, 3: 1}), {})

    assert marked(one) == [1, 3]
    assert set(statuses(one)) == {(3, GapStatus.OPEN)}


def test_a_halted_minute_holds_none_of_them() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), seems_absent(3, 4), traded(5, 3 * MINUTE), traded(6, 4 * MINUTE))

    for _ in range(2):
        one.decide(klines({1: 1, 3: 1}), {})

    assert marked(one) == [1, 3]
    found = one.take_findings()
    assert [gap.open_time for gap in found if gap.status == GapStatus.HALTED] == [MIDNIGHT_MS + 2 * MINUTE]
    assert [gap.status for gap in found if gap.first_trade_id == 3] == [
        GapStatus.OPEN,
        GapStatus.OPEN,
        GapStatus.ABSENT,
    ]


def test_a_trade_that_counts_nowhere_does_not_end_a_doubt() -> None:
    off_book = traded(5, MINUTE + 5, counts=False)
    one = book(
        traded(1, 0), traded(2, MINUTE), seems_absent(3, 4), off_book, traded(6, 2 * MINUTE), traded(7, 3 * MINUTE)
    )

    one.decide(klines({1: 1, 2: 1}), {})

    assert statuses(one)[-1] == (3, GapStatus.ABSENT)
    assert marked(one) == [1, 2]


def test_while_no_later_trade_is_here_a_doubt_reaches_on() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), seems_absent(3, 4))
    one.prove_by_ticker(MIDNIGHT_MS + 2 * MINUTE + 2_500, next_trade_id=5, is_level=True)

    one.decide(klines({1: 1}), {})

    assert GapStatus.ABSENT not in dict(statuses(one)).values()


def test_a_quiet_minute_behind_lost_ids_has_the_price_of_its_kline_for_it_may_be_theirs() -> None:
    one = book(traded(1, 0), seems_absent(2, 3), traded(4, 2 * MINUTE), traded(5, 3 * MINUTE))

    one.decide(klines({0: 2, 1: 0, 2: 1}), {MIDNIGHT_MS + MINUTE: Decimal("7.5")})

    quiet, _ = one.take_marks()
    assert (quiet.mark.trade_count, quiet.mark.close) == (0, Decimal("7.5"))


# Where nothing can be proven


def test_without_a_running_minute_ids_are_missing_at_once() -> None:
    assert statuses(book(seems_absent(3, 4))) == [(3, GapStatus.OPEN)]


def test_in_the_minute_of_the_start_ids_are_missing_when_it_ends() -> None:
    one = book(traded(1, 0), seems_absent(2, 3), traded(4, 5))
    assert one.take_findings() == []

    one.add(arrival(traded(5, MINUTE)))

    assert statuses(one) == [(2, GapStatus.OPEN)]


def test_after_a_break_the_ids_of_the_broken_minute_are_missing() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), seems_absent(3, 4), traded(5, MINUTE + 5))

    one.start_over()
    one.start_over()

    assert statuses(one) == [(3, GapStatus.OPEN)]


def test_when_all_is_given_up_the_ids_of_waiting_minutes_are_missing_too() -> None:
    one = within_minute_1()
    take(one, seems_absent(7, 7))

    one.give_up()

    assert statuses(one) == [(7, GapStatus.OPEN), (3, GapStatus.OPEN)]
    one.decide(klines({1: 2, 2: 1}), {})
    assert (marked(one), one.take_findings()) == ([], [])


def test_a_doubt_is_dispelled_with_its_last_minute() -> None:
    doubt = Doubt(seems_absent(3, 4), {1, 2})

    assert not doubt.decide(1)
    assert not doubt.decide(2)  # a later trade might yet be of a third
    doubt.reaches_on = False
    assert doubt.decide(2)


# Whatever the market did


def without(trades: list[Trade], gone: Collection[int]) -> list[Trade | Gap]:
    """Those that are left, with a doubt at each jump."""
    left = [trade for trade in trades if trade.trade_id not in gone]
    steps: list[Trade | Gap] = [left[0]]
    for before, after in pairwise(left):
        if after.trade_id > before.trade_id + 1:
            steps.append(seems_absent(before.trade_id + 1, after.trade_id - 1))
        steps.append(after)
    return steps


@given(markets(off_book=False), st.sets(st.integers(1, 38)), st.sets(st.integers(1, 38)), st.integers(1, 5))
def test_no_trade_is_ever_called_absent_and_every_mark_is_true(
    trades: list[Trade], absent: set[int], withheld: set[int], every: int
) -> None:
    """`absent`: ids the exchange never gave; `withheld`: trades of its own that its pages lack."""
    first = trades[0].trade_id
    last = {trades[-1].trade_id}
    never = {first + number for number in absent} - last
    lacking = ({first + number for number in withheld} - last) | never
    happened = [trade for trade in trades if trade.trade_id not in never]
    one, said, found = book(), list[Mark](), list[Gap]()
    for number, step in enumerate(without(trades, lacking)):
        take(one, step)
        if number % every == 0:
            one.decide(ended(true_counts(happened), step), true_closes(happened))
        said += [proven.mark for proven in one.take_marks()]
        found += one.take_findings()
    one.decide(true_counts(happened), true_closes(happened))
    said += [proven.mark for proven in one.take_marks()]
    found += one.take_findings()
    one.give_up()
    found += one.take_findings()

    for mark in newest(said).values():
        assert mark == true_mark(happened, mark.open_time, next_trade_id=mark.next_trade_id)
    ledger = {gap.first_trade_id or 0: gap for gap in found if gap.first_trade_id is not None}
    listed = {trade_id: gap.status for gap in ledger.values() for trade_id in ids_of(gap)}
    assert set(listed) == {one for one in lacking if one <= trades[-1].trade_id}
    assert {one for one, status in listed.items() if status == GapStatus.ABSENT} <= never


def ended(counts: Mapping[int, int], step: Trade | Gap) -> dict[int, int]:
    """The klines of minutes that are over when this trade comes."""
    now = minute_of(step) if isinstance(step, Trade) else 0
    return {minute: count for minute, count in counts.items() if minute < now}


def ids_of(gap: Gap) -> range:
    return range(gap.first_trade_id or 0, (gap.last_trade_id or 0) + 1)
