"""What becomes known of minutes that were computed again."""

from decimal import Decimal

from tests.candles import minute
from tests.unit.operate.recompute.made_cases import at, gap, kline, unclosed, unmarked
from wickstream.events import GapStatus
from wickstream.operate.recompute.judge import awaits_ids, by_klines, judge
from wickstream.operate.recompute.question import Answer


def test_a_mark_that_closes_its_minute_needs_nothing_else() -> None:
    closed = minute()

    verdict = judge(unclosed(), Answer(0, (closed,), ()))

    assert (verdict.candles, verdict.entries, verdict.note) == ((closed,), (), None)


def test_ids_that_are_nowhere_become_an_entry_of_exactly_them() -> None:
    verdict = judge(unclosed(), Answer(0, (minute(trade_count=7, closed=False),), ((1_002, 1_003), (1_008, 1_008))))

    assert verdict.candles == ()
    assert [(entry.first_trade_id, entry.last_trade_id) for entry in verdict.entries] == [
        (1_002, 1_003),
        (1_008, 1_008),
    ]
    assert {entry.status for entry in verdict.entries} == {GapStatus.OPEN}
    assert verdict.note == "3 of its trades are neither in Kafka nor in the archive"
    assert judge(unclosed(), Answer(0, (), ((1_002, 1_003), (1_008, 1_008)))).entries == verdict.entries, "the same"


def test_what_an_entry_tells_of_already_is_not_told_again() -> None:
    case = unclosed(
        listed=(gap(990, 1_001), gap(1_005, 1_005, GapStatus.ABSENT), gap(1_007, 1_007, GapStatus.REPAIRED))
    )

    verdict = judge(case, Answer(0, (), ((1_000, 1_007),)))

    found = [(entry.first_trade_id, entry.last_trade_id) for entry in verdict.entries]
    assert found == [(1_002, 1_004), (1_006, 1_007)], "a repaired one that is not in the archive is missing again"


def test_a_minute_whose_missing_ids_are_all_known_is_left_to_the_ladder() -> None:
    case = unclosed(listed=(gap(1_000, 1_004),))

    verdict = judge(case, Answer(0, (), ((1_000, 1_004),)))

    assert awaits_ids(case)
    assert not awaits_ids(unclosed(listed=(gap(1_000, 1_004, GapStatus.REPAIRED),)))
    assert (verdict.entries, verdict.needs_klines) == ((), False)


def test_a_proven_minute_whose_trades_are_not_kept_any_more_stays_as_it_is() -> None:
    verdict = judge(unclosed(is_proven=True), Answer(0, (), ((1_000, 1_009),)))

    assert (verdict.candles, verdict.entries) == ((), ())
    assert verdict.note == "kept as stored: its trades are not here any more"


def test_minutes_without_a_mark_take_their_candles_if_they_equal_the_klines() -> None:
    answer = Answer(0, tuple(minute(number=number, closed=False) for number in (1, 2, 3)), ())
    case = unmarked(1, 3)
    assert judge(case, answer).needs_klines

    klines = {at(1): kline(1), at(2): kline(2, volume=Decimal(1)), at(3): kline(3)}
    verdict = by_klines(case, answer, klines, newest_kline=at(4))

    assert verdict.candles == (minute(number=1), minute(number=3))
    assert verdict.entries == ()
    assert verdict.note == "1 minutes do not equal the exchange's klines"


def test_a_minute_without_trades_is_flat_or_halted_as_the_exchange_says() -> None:
    case = unmarked(1, 4, last_id=1_019)
    answer = Answer(0, (minute(number=1, closed=False),), ())
    quiet = kline(2, trade_count=0, volume=Decimal(0))

    verdict = by_klines(case, answer, {at(1): kline(1), at(2): quiet}, newest_kline=at(4), lacked=[at(3)])

    assert [candle.open_time for candle in verdict.candles] == [at(1), at(2)]
    assert (verdict.candles[1].first_trade_id, verdict.candles[1].last_trade_id) == (1_020, 1_019)
    assert [(halt.open_time, halt.status) for halt in verdict.entries] == [(at(3), GapStatus.HALTED)]
    assert verdict.note is not None, "of the newest minute a later kline has to come first"


def test_one_answer_without_a_kline_is_no_halt_yet() -> None:
    case, answer = (
        unmarked(1, 3, wanted=(at(2), at(3)), last_id=1_019),
        Answer(0, (minute(number=1, closed=False),), ()),
    )

    once = by_klines(case, answer, {at(1): kline(1)}, newest_kline=at(4))
    assert (once.candles, once.entries, once.lacking) == ((), (), (at(2), at(3)))

    late = kline(2, trade_count=0, volume=Decimal(0))
    twice = by_klines(case, answer, {at(1): kline(1), at(2): late}, newest_kline=at(4), lacked=once.lacking)
    assert [candle.open_time for candle in twice.candles] == [at(2)]
    assert [halt.open_time for halt in twice.entries] == [at(3)]
    assert twice.lacking == ()


def test_only_what_is_wanted_becomes_known() -> None:
    case = unmarked(1, 2, wanted=(at(2),))
    answer = Answer(0, (minute(number=1, closed=False), minute(number=2, closed=False)), ())

    verdict = by_klines(case, answer, {at(1): kline(1), at(2): kline(2)}, newest_kline=at(9))

    assert verdict.candles == (minute(number=2),)
