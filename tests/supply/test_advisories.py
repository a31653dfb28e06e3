"""Nothing is known against what we pin, as far as the advisory service answers."""

from pathlib import Path

import pytest

from deploy.supply.audit import State, audit, exceptions
from deploy.supply.locks import ROOT, locks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("lock", locks(), ids=lambda lock: str(lock.relative_to(ROOT)))
def test_nothing_is_known_against_the_packages_of_a_lock(lock: Path) -> None:
    verdict = audit(lock, exempted=exceptions())
    if verdict.state is State.NOT_AUDITED:
        pytest.skip(f"not audited: {verdict.details[0]}")
    assert verdict.details == ()
