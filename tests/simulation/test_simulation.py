"""What must hold in any night of trouble; and that the judge sees when it does not."""

import os

import pytest

from tests.simulation.__main__ import outcomes
from tests.simulation.connector import Log
from tests.simulation.seed import run_seed
from wickstream.exchange.sequencing import minutes
from wickstream.exchange.sessions import audit, refill

SEEDS = 500
SABOTAGED_SEEDS = 80
EAGER_SEEDS = 20


def test_whatever_happens_every_trade_is_published_once_and_every_minute_is_accounted_for() -> None:
    bad = [outcome for outcome in outcomes(0, SEEDS, jobs=os.cpu_count() or 1) if outcome.violations]

    assert not bad, "\n".join(f"seed {outcome.seed}: {outcome.violations[:3]}" for outcome in bad[:5])


def test_a_seed_replays_exactly() -> None:
    assert run_seed(7) == run_seed(7)


def red(first: int, *, seeds: int = SABOTAGED_SEEDS) -> bool:
    return any(run_seed(seed).violations for seed in range(first, first + seeds))


def test_without_the_fence_the_judge_turns_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Log, "_fail_if_fenced", lambda _: None)

    assert red(0)


def test_a_ticker_believed_at_once_turns_the_judge_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minutes, "TICKER_GRACE_MS", 0)

    assert red(0)


def test_an_id_called_absent_at_the_first_answer_turns_the_judge_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refill, "AGE_S", 0.0)
    monkeypatch.setattr(refill, "TIMES_ASKED", 1)

    assert red(0)


def test_a_symbol_that_is_told_of_at_every_turn_is_accounted_for_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SILENT_S", 1.0)
    monkeypatch.setattr(audit, "TICKER_SILENCE_S", 1.0)
    monkeypatch.setattr(audit, "UNMARKED_MS", 0)

    assert not red(0, seeds=EAGER_SEEDS)
