"""S1: what the schema allows, and what it does not, made up by the thousand, limiter off: no answer is a fault of ours,
each is of the shape that the schema gives it, and what it does not allow is refused.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import SettingsMaker
from tests.scripted_source import ScriptedSource
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.serve.app import build_app
from wickstream.serve.front.territory import Scope, scope_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
Operation = APIOperation[Any, Any, Any, Any]

FEW, MANY = 8, 300  # cases of each operation, of those that the schema allows, and of those that it does not


@pytest.fixture(scope="module")
def address(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    own = make_settings(tmp_path_factory.mktemp("schema"), source="demo", hot_answer_ms=0)
    with served(build_app(own, open_reader=FakeTiers().opened, open_source=ScriptedSource().opened)) as found:
        yield found


@pytest.mark.parametrize("cases", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(3_600)])])
def test_whatever_is_asked_is_answered_as_the_schema_has_it(address: str, cases: int) -> None:
    asked = 0
    with requests.Session() as line:
        line.trust_env = False
        for operation in operations(address):
            for mode in GenerationMode:
                asked += ask(operation, mode, cases, address, line)
    assert asked >= (10_000 if cases == MANY else 300)


def operations(address: str) -> Iterator[Operation]:
    """All but those whose answers have no end."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    for found in schema.get_all_operations():
        operation: Operation = found.ok()  # type: ignore[union-attr]
        if scope_of(operation.path) is not Scope.LIVE:
            yield operation


def ask(operation: Operation, mode: GenerationMode, cases: int, address: str, line: requests.Session) -> int:
    """How many were asked; 0 where there is nothing to be made up."""
    asked = 0

    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        nonlocal asked
        asked += 1
        case.validate_response(case.call(base_url=address, session=line), checks=CHECKS)

    try:
        answered()
    except Unsatisfiable:
        assert not any((operation.query, operation.path_parameters)), operation.label
    return asked
