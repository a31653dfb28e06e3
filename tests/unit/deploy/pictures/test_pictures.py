"""The pictures show what the code does: who imports which topic, on which port, and nothing sticks out of its box."""

import ast
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from deploy.pictures.architecture import ARROWS, boxes
from deploy.pictures.flow import PROCESSES, READS, TIERS, WRITES
from deploy.pictures.writing import FOLDER, files
from wickstream.bus import topics
from wickstream.config import PORT_OFFSETS
from wickstream.operate.stack import PORT_NAMES
from wickstream.store import writer
from wickstream.stream.parts import Part
from wickstream.stream.queries import plans

PACKAGE = Path(topics.__file__).parents[1]
CODE = {  # of each process that which speaks to Kafka
    "connect": ("exchange",),
    "stream": ("stream",),
    "tickers": ("store/lane",),
    "write": ("store/tiers.py", "store/archives.py", "store/intake.py", "store/dead_letters.py", "store/sinks"),
    "serve": ("serve/live/records.py", "serve/v1"),
    "repair": (
        "operate/repair.py",
        "operate/mender.py",
        "operate/restore.py",
        "operate/restoring",
        "operate/recompute",
    ),
    "backfill": ("operate/backfill",),
    "symbols": ("operate/wishes.py",),
}
ALL = {topic.name for topic in topics.TOPICS}


def imported(places: tuple[str, ...]) -> set[str]:
    """The topics that files there name."""
    files = [
        file for place in places for file in ([PACKAGE / place] if "." in place else (PACKAGE / place).rglob("*.py"))
    ]
    names = {
        name for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))) for name in topics_in(node)
    }
    return {getattr(topics, name) for name in names if name.isupper()} & ALL


def topics_in(node: ast.AST) -> list[str]:
    """What is imported from the module of topics, or taken out of it by `topics.NAME`."""
    if isinstance(node, ast.ImportFrom) and node.module == topics.__name__:
        return [alias.name for alias in node.names]
    is_taken = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "topics"
    return [node.attr] if is_taken and isinstance(node, ast.Attribute) and hasattr(topics, node.attr) else []


def test_the_files_are_what_the_code_draws_now() -> None:
    assert {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.svg")} == files(), "`make pictures`"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_writes_and_reads_the_topics_that_its_code_imports(process: str) -> None:
    assert WRITES.get(process, set()) | READS.get(process, set()) == imported(CODE[process])


def test_every_topic_is_written_and_all_but_what_was_set_aside_is_read() -> None:
    assert set().union(*WRITES.values()) == ALL
    assert ALL - set().union(*READS.values()) == {topics.DEAD_LETTERS}


def test_the_tiers_of_the_picture_are_the_writers() -> None:
    assert {tier for makers in writer.TIERS.values() for tier in makers} == set(TIERS)


def test_the_queries_of_the_stream_have_the_topics_of_the_picture() -> None:
    assert set().union(*(plan.topics for plan in plans(Part.ALL))) == WRITES["stream"] | READS["stream"]


def test_every_process_of_the_stack_is_in_the_picture_with_its_port() -> None:
    shown = {box.name for box in boxes().values()} | {line for box in boxes().values() for line in box.lines}
    for process, name in PORT_NAMES.items():
        if not process.startswith("airflow"):
            assert any(f":{8000 + PORT_OFFSETS[name]}" in words for words in shown), process
    assert {end for arrow in ARROWS for end in arrow} <= set(boxes())


@pytest.mark.parametrize("name", files())
def test_a_picture_is_whole_says_what_it_is_and_knows_the_dark(name: str) -> None:
    drawn = files()[name]
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    _, _, width, height = map(int, root.attrib["viewBox"].split())
    for part in root.iter():
        if "x" in part.attrib:
            assert 0 <= int(part.attrib["x"]) <= width
            assert 0 <= int(part.attrib["y"]) <= height
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "prefers-color-scheme: dark" in drawn
    used = set(re.findall(r"var\((--[a-z]+)\)", drawn))
    assert used <= set(re.findall(r"(--[a-z]+):", drawn))


def test_no_word_sticks_out_of_its_box_and_no_box_lies_on_another() -> None:
    placed = list(boxes().values())
    for box in placed:
        assert 9 * len(box.name) + 10 <= box.width, box.name
        assert all(6.2 * len(line) + 10 <= box.width for line in box.lines), box.lines
    for number, one in enumerate(placed):
        for other in placed[number + 1 :]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            below = one.y + one.height <= other.y or other.y + other.height <= one.y
            assert beside or below, (one.name, other.name)
