"""What each part is under: all of it known, allowed, as the part itself says, and as the page has it."""

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, metadata

import pytest

from deploy.supply.licences import PAGE, objections, page
from deploy.supply.parts import JAR, PYTHON, VENDORED, known, parts

PARTS = parts()
ALLOWED = known()["allowed"]


def test_every_part_is_under_a_licence_that_is_allowed() -> None:
    assert objections(PARTS, ALLOWED) == []


def test_nothing_is_said_of_parts_that_are_not_there() -> None:
    said = {(kind, name) for kind in (PYTHON, JAR, VENDORED) for name in known()[kind]}
    there = {(part.kind, part.full_name) for part in PARTS}
    assert {(kind, name) for kind, name in said - there if "embedded-postgres" not in name} == set()


@pytest.mark.parametrize(
    ("licence", "why"),
    [
        ("", "somelib 1: its licence is unknown"),
        ("AGPL-3.0-only", "somelib 1: AGPL-3.0-only is not allowed"),
        ("MIT AND AGPL-3.0-only", "somelib 1: MIT AND AGPL-3.0-only is not allowed"),
        ("the usual", "somelib 1: the usual is no SPDX expression"),
    ],
)
def test_a_part_under_another_licence_is_told_by_its_name(licence: str, why: str) -> None:
    part = replace(PARTS[0], group="", name="somelib", version="1", licence=licence)
    (told,) = objections([part], ALLOWED)
    assert told.startswith(why)


def test_of_alternatives_one_that_is_allowed_is_enough() -> None:
    assert objections([replace(PARTS[0], licence="MIT OR AGPL-3.0-only")], ALLOWED) == []


def test_where_a_package_says_its_licence_so_do_we() -> None:
    checked = 0
    for part in (part for part in PARTS if part.kind == PYTHON):
        try:
            said = metadata(part.name).json.get("license_expression")
        except PackageNotFoundError:  # of another system or Python
            continue
        if isinstance(said, str):
            checked += 1
            assert part.licence.split(" AND ")[: len(said.split(" AND "))] == said.split(" AND "), part.name
    assert checked > 20


def test_the_page_is_what_the_locks_say_now() -> None:
    assert PAGE.read_text("utf-8") == page(PARTS), "`make licences` writes it"
