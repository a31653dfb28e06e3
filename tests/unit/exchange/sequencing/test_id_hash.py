"""The fingerprint of ids that neither count nor sum can tell apart."""

from hypothesis import given
from hypothesis import strategies as st

from tests.id_hash import id_hash
from tests.unit.exchange.market_truth import MIDNIGHT_MS, arrival, traded
from wickstream.events import MINUTE_MS
from wickstream.exchange.sequencing.id_hash import hash_of_run
from wickstream.exchange.sequencing.minutes import MinuteBook


@given(first=st.integers(0, 2**53), count=st.integers(1, 300))
def test_a_run_has_the_hash_of_all_of_its_ids(first: int, count: int) -> None:
    assert hash_of_run(first, first + count - 1) == id_hash(range(first, first + count))


def test_two_lost_and_two_doubled_of_the_same_sum_show() -> None:
    whole, hurt = [3, 4, 5, 6, 7], [3, 5, 5, 5, 7]
    assert (len(hurt), sum(hurt)) == (len(whole), sum(whole))
    assert id_hash(hurt) != id_hash(whole)


@given(lost=st.sets(st.integers(1, 40), min_size=1), doubled=st.lists(st.integers(1, 40)))
def test_whatever_is_lost_shows_whatever_else_is_doubled(lost: set[int], doubled: list[int]) -> None:
    here = [one for one in range(1, 41) if one not in lost] + [one for one in doubled if one not in lost]
    assert id_hash(here) != hash_of_run(1, 40)


@given(absent=st.sets(st.integers(2, 40)), runs=st.booleans())
def test_a_minute_has_the_hash_of_its_ids_with_whichever_absent(absent: set[int], *, runs: bool) -> None:
    book = MinuteBook("BTCUSDT")
    book.begins_whole = True
    ids = [one for one in range(1, 41) if one not in absent]
    for one in ids:
        if runs and one > 1:
            book.add_run(one, 1, "1.0")
        else:
            book.add(arrival(traded(one, 10 * one)))
    book.add(arrival(traded(99, MINUTE_MS)))
    (proven,) = book.take_marks()
    assert (proven.mark.open_time, proven.mark.id_hash) == (MIDNIGHT_MS, id_hash(ids))
