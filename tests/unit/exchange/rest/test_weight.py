from hypothesis import given
from hypothesis import strategies as st

from wickstream.exchange.rest.weight import WeightBudget

MINUTE_S = 28_719_360 * 60.0


def test_what_another_process_has_on_its_way_does_not_take_the_address_above_seven_tenths() -> None:
    assert WeightBudget(6_000).share + 4 * 25 <= 4_200


def test_a_share_of_the_limit_is_ours() -> None:
    budget = WeightBudget(1_000, share=0.7)

    assert budget.reserve(700, now_s=MINUTE_S) == 0
    assert budget.share - budget.used(now_s=MINUTE_S) == 0
    assert budget.reserve(1, now_s=MINUTE_S + 12) == 48


def test_a_new_minute_gives_the_whole_share_again() -> None:
    budget = WeightBudget(1_000, share=0.7)
    budget.reserve(700, now_s=MINUTE_S + 59)

    assert budget.reserve(700, now_s=MINUTE_S + 60) == 0
    assert budget.used(now_s=MINUTE_S + 60) == 700


def test_what_others_at_this_address_use_counts_too() -> None:
    budget = WeightBudget(1_000, share=0.7)
    budget.reserve(25, now_s=MINUTE_S)

    budget.observe(690, now_s=MINUTE_S)

    assert budget.used(now_s=MINUTE_S) == 690
    assert budget.reserve(25, now_s=MINUTE_S) > 0


def test_an_answer_that_left_before_ours_was_counted_does_not_lower_the_count() -> None:
    budget = WeightBudget(1_000)
    budget.reserve(300, now_s=MINUTE_S)

    budget.observe(25, now_s=MINUTE_S)

    assert budget.used(now_s=MINUTE_S) == 300


def test_who_works_behind_live_traffic_is_silent_while_that_needs_more_than_its_share() -> None:
    budget = WeightBudget(1_000, share=0.35)
    assert budget.reserve(25, now_s=MINUTE_S) == 0

    budget.observe(400, now_s=MINUTE_S)

    assert budget.reserve(1, now_s=MINUTE_S + 30) == 30


def test_one_question_heavier_than_the_share_is_asked_in_a_minute_of_its_own() -> None:
    budget = WeightBudget(100)

    assert budget.reserve(80, now_s=MINUTE_S) == 0
    assert budget.reserve(80, now_s=MINUTE_S) > 0
    assert budget.reserve(80, now_s=MINUTE_S + 60) == 0


def test_a_limit_the_exchange_lowers_holds_at_once() -> None:
    budget = WeightBudget(1_000)
    budget.reserve(300, now_s=MINUTE_S)

    budget.limit = 400

    assert budget.reserve(1, now_s=MINUTE_S) > 0


@given(st.lists(st.tuples(st.sampled_from((1, 2, 20, 25, 80)), st.floats(0, 30)), max_size=80))
def test_no_minute_ever_sees_more_than_the_share(questions: list[tuple[int, float]]) -> None:
    budget, now_s, spent = WeightBudget(300), MINUTE_S, dict[int, int]()
    for weight, pause_s in questions:
        now_s += pause_s
        wait_s = budget.reserve(weight, now_s=now_s)
        assert 0 <= wait_s <= 60
        if wait_s == 0:
            minute = int(now_s // 60)
            spent[minute] = spent.get(minute, 0) + weight

    assert all(weight <= budget.share for weight in spent.values())
