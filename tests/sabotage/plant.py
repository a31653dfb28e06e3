"""`pytest -p tests.sabotage.plant --plant NAME`: a test run in a process where one bug is at work."""

import hypothesis
import pytest

from tests.sabotage.bugs import BUGS


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which one."""
    parser.addoption("--plant", choices=sorted(BUGS), required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is imported; and a property that fails is not made small, for nobody reads it."""
    BUGS[config.getoption("--plant")].plant()
    looked_for = [
        phase for phase in hypothesis.Phase if phase not in (hypothesis.Phase.shrink, hypothesis.Phase.explain)
    ]
    hypothesis.settings.register_profile("planted", hypothesis.settings.default, phases=looked_for, derandomize=True)
    hypothesis.settings.load_profile("planted")
