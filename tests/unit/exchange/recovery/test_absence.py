import asyncio

import pytest

from tests.unit.exchange.market_truth import MIDNIGHT_MS, SYMBOL, row
from tests.unit.exchange.recovery.test_mending import arrivals
from wickstream.events import Gap, GapStatus
from wickstream.exchange.recovery import absence
from wickstream.exchange.recovery.absence import Absences, merged
from wickstream.exchange.recovery.mending import Span
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.clock import ExchangeClock

MARKET = arrivals(row(10))
AGE_S = 0.3
ENTRY = Gap(SYMBOL, 1_002, 1_006, None, MIDNIGHT_MS, GapStatus.OPEN)


def without(*ids: int) -> list[Arrival]:
    return [one for one in MARKET if one.trade_id not in ids]


def asked(
    monkeypatch: pytest.MonkeyPatch, answers: list[list[Arrival]], *, now_ms: int, provable: bool = True
) -> tuple[list[int], set[Span], list[float]]:
    """What comes of these answers: ids, spans proven absent, and when each question was asked."""
    monkeypatch.setattr(absence, "AGE_S", AGE_S)
    monkeypatch.setattr(absence, "PAUSE_S", 0.02)
    times: list[float] = []

    async def run() -> tuple[list[int], set[Span]]:
        loop, clock = asyncio.get_running_loop(), ExchangeClock()
        began = loop.time()
        clock.sync(now_ms, now_s=began)

        async def answer() -> list[Arrival]:
            times.append(loop.time() - began)
            return answers[min(len(times), len(answers)) - 1]

        absences = Absences[Arrival](clock, are_provable=provable)
        page = await absences.page(ENTRY, 1_002, answer)
        return [one.trade_id for one in page], absences.proven

    ids, proven = asyncio.run(run())
    return ids, proven, times


LONG_AFTER_MS = MIDNIGHT_MS + 3_600_000
JUST_THEN_MS = MIDNIGHT_MS + 9_000  # the last trade's own time
SIX_SECONDS_MS = MIDNIGHT_MS + 6_000  # that of 1,006


def test_a_page_that_lacks_nothing_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, proven, times = asked(monkeypatch, [MARKET], now_ms=JUST_THEN_MS)

    assert (len(ids), proven, len(times)) == (10, set(), 1)


def test_an_old_id_is_absent_when_two_pages_lack_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, proven, times = asked(monkeypatch, [without(1_004)], now_ms=LONG_AFTER_MS)

    assert (1_004 in ids, proven, len(times)) == (False, {Span(1_004, 1_004)}, 2)


def test_a_young_id_is_asked_for_twice_more_when_a_higher_one_is_known_long_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1,005 was traded at +5 s; it is +5 s now."""
    _, proven, times = asked(monkeypatch, [without(1_004)], now_ms=MIDNIGHT_MS + 5_000)

    assert proven == {Span(1_004, 1_004)}
    assert len(times) == 3
    assert times[1] >= AGE_S


def test_what_turns_up_meanwhile_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, proven, times = asked(monkeypatch, [without(1_004, 1_005), without(1_005), MARKET], now_ms=SIX_SECONDS_MS)

    assert (ids, proven) == ([one.trade_id for one in MARKET], set())
    assert len(times) == 3


def test_an_id_above_all_that_was_found_is_never_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    _, proven, times = asked(monkeypatch, [MARKET[:5]], now_ms=LONG_AFTER_MS)

    assert (proven, len(times)) == (set(), 1)


def test_where_the_second_answer_does_not_reach_the_page_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, proven, _ = asked(monkeypatch, [without(1_004), MARKET[:3]], now_ms=LONG_AFTER_MS)

    assert (ids, proven) == ([1_000, 1_001, 1_002], set())
    assert merged(MARKET, [], reaching=5) == []


def test_in_a_replay_nothing_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    _, proven, times = asked(monkeypatch, [without(1_004)], now_ms=LONG_AFTER_MS, provable=False)

    assert (proven, len(times)) == (set(), 1)
