"""What repair asks for, in which order, and when again."""

from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from wickstream.events import Gap, GapStatus
from wickstream.operate.worklist import BELIEVED_S, Worklist, unsettled

OPEN, REPAIRED = GapStatus.OPEN, GapStatus.REPAIRED


def gap(first: int, last: int, status: GapStatus = OPEN, *, symbol: str = "BTCUSDT", at: int = 0) -> Gap:
    return Gap(symbol, first, last, None, at, status)


def ids(gaps: Iterable[Gap]) -> list[tuple[int | None, int | None]]:
    return [(each.first_trade_id, each.last_trade_id) for each in gaps]


def worklist(*entries: Gap) -> Worklist:
    subject = Worklist()
    subject.refresh(entries, now_s=0.0)
    return subject


def test_only_what_is_open_is_left_to_do() -> None:
    assert ids(unsettled([gap(1, 5), gap(6, 9, REPAIRED), gap(20, 30)])) == [(1, 5), (20, 30)]


def test_an_end_that_was_told_of_is_not_asked_for_again() -> None:
    """A repair was killed after it had published the later pieces, and before the one that narrows its own entry."""
    entries = [gap(1, 100), gap(41, 50, REPAIRED), gap(51, 51, GapStatus.ABSENT), gap(52, 100)]

    assert ids(unsettled(entries)) == [(1, 40), (52, 100)]


def test_a_piece_in_the_middle_does_not_hide_what_lies_behind_it() -> None:
    assert ids(unsettled([gap(1, 100), gap(40, 50, REPAIRED)])) == [(1, 100)]


def test_symbols_share_no_ids() -> None:
    assert ids(unsettled([gap(1, 9), gap(5, 9, REPAIRED, symbol="ETHUSDT")])) == [(1, 9)]


spans = st.tuples(st.integers(0, 40), st.integers(0, 15), st.sampled_from([OPEN, REPAIRED]))


@given(st.lists(spans, max_size=8, unique_by=lambda span: span[0]))
def test_no_missing_id_is_dropped_that_no_later_entry_tells_of(rows: list[tuple[int, int, GapStatus]]) -> None:
    entries = [gap(first, first + size, status) for first, size, status in rows]
    left = {n for each in unsettled(entries) for n in range(each.first_trade_id or 0, (each.last_trade_id or 0) + 1)}
    for entry in entries:
        first, last = entry.first_trade_id or 0, entry.last_trade_id or 0
        if entry.status is OPEN:
            told = {n for e in entries if (e.first_trade_id or 0) > first
                    for n in range(e.first_trade_id or 0, (e.last_trade_id or 0) + 1)}  # fmt: skip
            assert {n for n in range(first, last + 1) if n not in told} <= left


def test_what_has_its_candles_is_asked_for_last_and_seldom() -> None:
    subject = worklist(bare := gap(1, 5, GapStatus.CANDLES_ONLY, at=50), missing := gap(8, 9, at=30))
    assert subject.next(now_s=0.0) == missing
    assert subject.open() == [missing]

    subject.postpone(missing, now_s=0.0, is_trouble=False)
    assert subject.next(now_s=0.0) == bare
    subject.postpone(bare, now_s=0.0, is_trouble=False)
    assert subject.next(now_s=59.0) is None
    subject.refresh([bare], now_s=60.0)
    assert subject.next(now_s=6 * 3_600 - 1) is None
    assert subject.next(now_s=6 * 3_600) == bare


def test_a_single_pass_asks_once() -> None:
    subject = Worklist(asks_again=False)
    subject.refresh([missing := gap(1, 5)], now_s=0.0)
    subject.postpone(missing, now_s=0.0, is_trouble=True)

    assert subject.next(now_s=1e12) is None


def test_the_newest_goes_first() -> None:
    subject = worklist(gap(1, 5, at=10), gap(8, 9, at=30), gap(3, 4, symbol="ETHUSDT", at=20))

    found = subject.next(now_s=0.0)
    assert found is not None
    assert found.detected_at == 30


def test_what_was_asked_for_in_vain_is_asked_for_ever_less_often() -> None:
    subject = worklist(missing := gap(1, 5))
    for pause_s in (60, 120, 300, 900, 3_600, 3_600):
        subject.postpone(missing, now_s=1_000.0, is_trouble=False)
        assert subject.next(now_s=1_000.0 + pause_s - 1) is None
        assert subject.next(now_s=1_000.0 + pause_s) == missing


def test_the_pieces_that_are_left_wait_as_long_as_the_whole_would() -> None:
    subject = worklist(missing := gap(1, 100), other := gap(1, 9, symbol="ETHUSDT"))
    subject.postpone(missing, now_s=0.0, is_trouble=False)
    subject.published([gap(70, 80), gap(41, 69, REPAIRED), gap(81, 100, REPAIRED), gap(1, 40)], now_s=70.0)

    subject.postpone(missing, now_s=70.0, is_trouble=False)

    assert ids(subject.left_of(missing)) == [(1, 40), (70, 80)]
    assert subject.next(now_s=189.0) == other
    assert subject.next(now_s=190.0) == gap(70, 80)


def test_trouble_with_the_exchange_is_tried_again_sooner() -> None:
    subject = worklist(missing := gap(1, 5))
    subject.postpone(missing, now_s=0.0, is_trouble=True)

    assert subject.next(now_s=4.9) is None
    assert subject.next(now_s=5.0) == missing


def test_what_we_published_counts_before_the_warm_tier_shows_it() -> None:
    subject = worklist(stale := gap(1, 100))
    subject.published([gap(61, 100), gap(1, 60, REPAIRED)], now_s=0.0)
    assert ids(subject.open()) == [(61, 100)]

    subject.refresh([stale], now_s=5.0)
    assert ids(subject.open()) == [(61, 100)]

    subject.refresh([gap(61, 100)], now_s=6.0)
    assert ids(subject.open()) == [(61, 100)]


def test_what_the_warm_tier_never_shows_is_not_believed_for_ever() -> None:
    subject = worklist(stale := gap(1, 100))
    subject.published([gap(1, 100, REPAIRED)], now_s=0.0)

    subject.refresh([stale], now_s=BELIEVED_S - 1)
    assert subject.open() == []
    subject.refresh([stale], now_s=BELIEVED_S)
    assert ids(subject.open()) == [(1, 100)]


def test_an_entry_that_was_repaired_and_is_open_again_begins_anew() -> None:
    subject = worklist(missing := gap(1, 5))
    subject.postpone(missing, now_s=0.0, is_trouble=False)
    subject.refresh([], now_s=10.0)
    subject.refresh([missing], now_s=20.0)

    assert subject.next(now_s=20.0) == missing


def test_halts_are_no_ids() -> None:
    subject = worklist()
    subject.published([msgspec.structs.replace(gap(1, 1), first_trade_id=None, last_trade_id=None)], now_s=0.0)

    assert subject.open() == []
