from decimal import Decimal

from tests.id_hash import id_hash
from tests.unit.exchange.made_exchange import MIDNIGHT_MS, OTHER, SYMBOL, trade_data
from tests.unit.exchange.made_kafka import MadeKafka
from wickstream.bus import topics
from wickstream.bus.codec import encode
from wickstream.bus.producer import Record
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, Mark, SymbolEvent
from wickstream.exchange.sessions.tail import (
    LOOK_BACK_MS,
    LOOK_BACK_RECORDS,
    MARGIN_MS,
    SILENT,
    STARTED,
    STOPPED,
    Tail,
    read_tails,
)

NOW_MS = 10 * LOOK_BACK_MS
AGO_MS = NOW_MS - 3_600_000


def trade(trade_id: int, symbol: str = SYMBOL) -> Record:
    return Record(topics.RAW_TRADES, symbol, trade_data(trade_id, trade_id * 10_000, symbol))


def mark(first: int, count: int = 6, symbol: str = SYMBOL, *, since_ms: int | None = None) -> Record:
    """Of a minute that begins with this id; a trade each 10 s."""
    ids = range(first, first + count)
    open_time = MIDNIGHT_MS + first // 6 * MINUTE_MS
    value = Mark(symbol, open_time, first, ids[-1], count, sum(ids), id_hash(ids), Decimal("1.5"), first + count)
    headers = [] if since_ms is None else [("since", str(since_ms).encode())]
    return Record(topics.MINUTE_MARKS, symbol, encode(value), headers)


def said(status: str, next_id: int | None, symbol: str = SYMBOL, *, author: Author = Author.CONNECTOR) -> Record:
    event = SymbolEvent(symbol, author, status, MIDNIGHT_MS, next_trade_id=next_id)
    return Record(topics.SYMBOL_EVENTS, event.key, encode(event))


def gap(first: int | None, last: int | None, symbol: str = SYMBOL) -> Record:
    value = Gap(symbol, first, last, MIDNIGHT_MS if first is None else None, 1, GapStatus.OPEN)
    return Record(topics.FEED_GAPS, symbol, encode(value))


def kafka(*transactions: list[Record], from_ms: int = AGO_MS, every_ms: int = 60_000) -> MadeKafka:
    """One transaction a minute."""
    made = MadeKafka()
    for number, records in enumerate(transactions):
        made.commit(records, from_ms + number * every_ms)
    return made


def tail(made: MadeKafka, symbol: str = SYMBOL) -> Tail:
    return read_tails(made, [SYMBOL, OTHER], producers_ms=NOW_MS)[symbol]


def ids(found: Tail) -> list[int]:
    return [arrival.trade_id for arrival in found.trades]


def test_a_symbol_nobody_followed_is_cold_and_nothing_is_known_of_it() -> None:
    assert tail(kafka([said(STARTED, 1), trade(1)]), OTHER) == Tail()


def test_what_others_say_of_a_symbol_does_not_make_it_followed() -> None:
    made = kafka([said("TRADING", None, author=Author.EXCHANGE), said("added", None, author=Author.OPERATOR)])

    assert tail(made) == Tail()


def test_a_symbol_killed_before_its_first_mark_goes_on_from_where_it_began() -> None:
    found = tail(kafka([said(STARTED, 4), trade(4), trade(5)], [trade(6)]))

    assert (found.mark, found.next_id, found.is_cold, found.written_ms) == (None, 4, False, AGO_MS)
    assert ids(found) == [4, 5, 6]


def test_of_several_marks_the_newest_and_the_trades_since_are_found() -> None:
    trades = [trade(number) for number in range(12)]
    made = kafka([said(STARTED, 0), *trades[:7], mark(0)], [*trades[7:], trade(12), mark(6)], [trade(13)])

    found = tail(made)

    assert found.mark is not None
    assert (found.mark.first_trade_id, found.next_id, found.written_ms) == (6, 12, AGO_MS + 60_000)
    assert ids(found) == [12, 13]


def test_a_corrected_mark_is_the_newer_one_whichever_came_first() -> None:
    for marks in ([mark(0, count=6), mark(0, count=7)], [mark(0, count=7), mark(0, count=6)]):
        found = tail(kafka([said(STARTED, 0)], marks[:1], marks[1:]))

        assert found.mark is not None
        assert found.mark.trade_count == 7


def test_a_mark_that_waited_for_its_proof_says_since_when_trades_followed_it() -> None:
    late = mark(0, since_ms=AGO_MS)
    made = kafka(
        [said(STARTED, 0), *(trade(number) for number in range(8))], [trade(8)], *[[]] * 20, [late], [trade(9)]
    )

    found = tail(made)

    assert (found.written_ms, ids(found)) == (AGO_MS, [6, 7, 8, 9])


def test_a_mark_of_before_the_symbol_was_begun_anew_is_of_no_use() -> None:
    """What was compacted away said that it had begun with id 0."""
    made = kafka([trade(7), mark(0)], [said(STARTED, 90), trade(90)])

    found = tail(made)

    assert (found.mark, found.next_id, found.is_cold, ids(found)) == (None, 90, False, [90])


def test_of_a_silent_symbol_no_trade_since_its_mark_is_looked_for() -> None:
    made = kafka([mark(0), trade(99, OTHER)], *[[]] * 30, [said(SILENT, 6)])

    found = tail(made)

    assert found.mark is not None
    assert (found.next_id, found.is_cold, found.written_ms) == (6, False, AGO_MS + 31 * 60_000)


def test_a_symbol_that_was_stopped_is_cold_and_its_last_id_is_known() -> None:
    found = tail(kafka([trade(5), mark(0)], [said(STOPPED, 6)]))

    assert (found.next_id, found.is_cold, ids(found)) == (6, True, [])


def test_each_symbol_has_its_own_tail_though_all_are_read_from_the_oldest_of_them() -> None:
    made = kafka(
        [said(STARTED, 0), said(STARTED, 0, OTHER), *(trade(number) for number in range(7)), mark(0)],
        [trade(0, OTHER), trade(7)],
        [mark(0, 6, OTHER), trade(6, OTHER), trade(8)],
        [trade(7, OTHER)],
    )

    tails = read_tails(made, [SYMBOL, OTHER], producers_ms=NOW_MS)

    assert {symbol: ids(found) for symbol, found in tails.items()} == {SYMBOL: [6, 7, 8], OTHER: [6, 7]}


def test_entries_of_missing_ids_since_are_listed_and_halts_are_not() -> None:
    made = kafka([said(STARTED, 0), gap(3, 4)], [gap(None, None), gap(7, 9), gap(1, 2, OTHER)])

    assert [(one.first_trade_id, one.last_trade_id) for one in tail(made).listed] == [(3, 4), (7, 9)]


def test_trades_that_clocks_which_step_have_stamped_a_little_early_are_found() -> None:
    made = MadeKafka()
    made.commit([trade(4)], AGO_MS - MARGIN_MS)
    made.commit([said(STARTED, 4)], AGO_MS)

    assert ids(tail(made)) == [4]


def test_the_newest_marks_are_found_however_old_they_are() -> None:
    """Nobody may have run for weeks; then what was missed since is a gap like any other."""
    made = kafka([said(STARTED, 0), mark(0)], from_ms=NOW_MS - 5 * LOOK_BACK_MS)

    assert tail(made).next_id == 6


def test_what_is_none_of_our_records_is_left_out() -> None:
    junk = [Record(topic, SYMBOL, b"{}") for topic in (topics.RAW_TRADES, topics.MINUTE_MARKS, topics.FEED_GAPS)]
    made = kafka([Record(topics.SYMBOL_EVENTS, "junk", b"\xff"), said(STARTED, 4), *junk, trade(4), *junk, trade(5)])

    assert ids(tail(made)) == [4, 5]


def test_a_symbol_whose_newest_mark_lies_behind_many_of_others_is_looked_for_farther_back() -> None:
    many = [mark(6 * number, 6, OTHER) for number in range(LOOK_BACK_RECORDS)]
    made = kafka([said(STARTED, 0), said(STARTED, 0, OTHER)], [mark(0)], many, [trade(6)])

    found = tail(made)

    assert found.mark is not None
    assert ids(found) == [6]
