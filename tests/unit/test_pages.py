"""What the pages on backup, upgrades and security name is there, under that name."""

import re
from pathlib import Path

import pytest
import typer.main

from wickstream.bus.codec import SCHEMA_VERSION
from wickstream.bus.topics import TOPICS
from wickstream.cli import app
from wickstream.config import setting_names
from wickstream.stream.parts import Part
from wickstream.stream.queries import plans

ROOT = Path(__file__).parents[2]
PAGES = ("backup", "upgrade", "security")
COMMANDS = getattr(typer.main.get_command(app), "commands")  # noqa: B009 - a group's, which its type does not say


def text_of(page: str) -> str:
    return (ROOT / "docs" / f"{page}.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_is_one_of_ours(page: str) -> None:
    named = re.findall(r"(?:`|^    )wickstream ([a-z]+)((?: --[a-z-]+)*)", text_of(page), re.MULTILINE)
    assert named
    for command, options in named:
        assert command in COMMANDS
        known = {option for parameter in COMMANDS[command].params for option in parameter.opts}
        assert set(options.split()) <= known, f"{command}: {options}"


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_a_page_names_is_one_of_ours(page: str) -> None:
    named = set(re.findall(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b", text_of(page)))
    assert named <= {*setting_names().values(), "WICKSTREAM_SECRETS_DIR"}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`((?:src|tests|docs|deploy|sbom)/[\w./-]+)`", text_of(page))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_checkpoints_of_the_page_are_those_of_the_queries() -> None:
    named = re.findall(r"`([a-z]+-v\d+)`", text_of("upgrade"))
    assert named == [plan.checkpoint for plan in plans(Part.ALL)]


def test_what_the_pages_say_of_topics_is_how_they_are_made() -> None:
    kept = {topic.name: topic.retention_days for topic in TOPICS}
    filling = ("processed_aggs", "minute_marks", "feed_gaps", "alerts")
    assert f"`raw_trades` is kept for {kept['raw_trades']} days" in text_of("backup")
    assert {kept[name] for name in filling} == {30}
    assert f"(now `{SCHEMA_VERSION}`," in text_of("upgrade")
