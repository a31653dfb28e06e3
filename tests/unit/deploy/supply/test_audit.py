"""The audit of a lock by an advisory service: what is known, what is excused, and what it says when nobody answers."""

from datetime import date
from pathlib import Path

import pytest

from deploy.supply.audit import Exempted, State, Verdict, audit, exceptions
from tests.advisory_service import advisory_service, flaw

NOBODY = "http://127.0.0.1:9/v1/query"
FLAW = {"typer": flaw("typer", "GHSA-aaaa-bbbb-cccc", fixed="9.9")}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Of two packages."""
    lock = tmp_path / "some.lock"
    lock.write_text("".join(f"{name} \\\n    --hash=sha256:{'0' * 64}\n" for name in ("rich==15.0", "typer==0.29.0")))
    return lock


def ask(lock: Path, service: str, *exempted: Exempted) -> Verdict:
    return audit(lock, exempted=list(exempted), service=service, timeout_s=5)


@pytest.mark.slow
def test_a_lock_against_which_nothing_is_known_is_clean(lock: Path) -> None:
    with advisory_service({}) as service:
        assert ask(lock, service) == Verdict(lock, State.CLEAN, (), packages=2)


@pytest.mark.slow
def test_a_flaw_is_told_with_the_package_and_the_version_that_mends_it(lock: Path) -> None:
    with advisory_service(FLAW) as service:
        found = ask(lock, service)
    assert found.state is State.KNOWN_AGAINST
    assert found.details == ("typer 0.29.0: GHSA-aaaa-bbbb-cccc, mended in 9.9",)


@pytest.mark.slow
def test_a_flaw_that_was_decided_about_does_not_fail_the_audit(lock: Path) -> None:
    decided = Exempted("GHSA-aaaa-bbbb-cccc", "of a part that we do not use", date(2026, 11, 30))
    with advisory_service(FLAW) as service:
        assert ask(lock, service, decided).state is State.CLEAN


@pytest.mark.slow
def test_a_service_that_is_away_or_in_trouble_leaves_the_lock_not_audited(lock: Path) -> None:
    with advisory_service({}, status=503) as service:
        assert ask(lock, service).state is State.NOT_AUDITED
    away = ask(lock, NOBODY)
    assert (away.state, away.details[0].startswith(f"{NOBODY} does not answer")) == (State.NOT_AUDITED, True)


@pytest.mark.slow
def test_a_broken_lock_is_a_mistake_and_not_an_answer(tmp_path: Path) -> None:
    broken = tmp_path / "broken.lock"
    broken.write_text("typer\n")
    with advisory_service({}) as service, pytest.raises(ValueError, match=r"broken\.lock"):
        ask(broken, service)


def test_each_exception_that_was_decided_has_its_reason_and_date() -> None:
    assert [one.id for one in exceptions() if not one.reason] == []


@pytest.mark.parametrize("entry", ['id = "X"\nreason = "none"', 'id = "X"\nreason = ""\ndecided = 2026-11-30'])
def test_an_exception_without_reason_or_date_is_refused(entry: str, tmp_path: Path) -> None:
    file = tmp_path / "exceptions.toml"
    file.write_text(f"[[exception]]\n{entry}\n")
    with pytest.raises(ValueError, match="needs id, reason"):
        exceptions(file)
