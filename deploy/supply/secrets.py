"""Secrets that were committed: in the tree, and in all that was ever in it."""

import re
import subprocess
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.plugins.keyword import DENYLIST, KeywordDetector

KNOWN_FILE = Path(__file__).with_name("known-secrets.toml")

# Chance alone would be told of by these: locks and tests are full of hashes and addresses.
_LEFT_OUT = {"Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector"}
_KEYWORD = re.compile("|".join(DENYLIST), re.IGNORECASE)
_LONGEST_LINE = 2_000  # of what a person writes

Text = tuple[str, str]  # a path, and what is in it


@dataclass(frozen=True)
class Suspect:
    """What looks like a secret."""

    path: str
    kind: str
    value: str


@dataclass(frozen=True)
class Known:
    """What looks like one and is none."""

    value: str
    path: str  # a pattern
    reason: str


def known(file: Path = KNOWN_FILE) -> list[Known]:
    """Those that were looked at.

    Raises:
        TypeError: If one lacks value, path or reason.
    """
    return [Known(**entry) for entry in tomllib.loads(file.read_text("utf-8"))["known"]]


def tree(root: Path) -> Iterator[Text]:
    """What git keeps of the folder, as it lies there."""
    for path in _git(root, "ls-files", "-z").decode().split("\0"):
        file = root / path
        if path and file.is_file() and (text := _as_text(file.read_bytes())) is not None:
            yield path, text


def history(root: Path) -> Iterator[Text]:
    """Every line that was ever committed, on any branch, once, under the path it was first seen at."""
    listed = [line.partition(" ") for line in _git(root, "rev-list", "--objects", "--all").decode().splitlines()]
    names = {name: path for name, _, path in listed if path}
    asked = "\n".join(names).encode()
    answer = _git(root, "cat-file", "--batch", given=asked)
    seen: set[str] = set()
    for name, content in _blobs(answer):
        text = _as_text(content)
        if text is not None:
            new = [line for line in dict.fromkeys(text.splitlines()) if line not in seen]
            seen.update(new)
            yield names[name], "\n".join(new)


def suspects(texts: Iterable[Text]) -> Iterator[Suspect]:
    """Whatever a detector tells of."""
    detectors = _detectors()
    for path, text in texts:
        for detector in detectors:
            pieces = _lines_with_keywords(text) if isinstance(detector, KeywordDetector) else (text,)
            for piece in pieces:
                yield from (Suspect(path, detector.secret_type, value) for value in detector.analyze_string(piece))


def unknown(found: Iterable[Suspect], looked_at: Iterable[Known]) -> list[Suspect]:
    """Those that nobody has looked at."""
    excused = list(looked_at)
    return sorted({one for one in found if not any(_is(one, known) for known in excused)}, key=lambda s: s.path)


def _is(one: Suspect, known: Known) -> bool:
    return one.value == known.value and fnmatch(one.path, known.path)


def _detectors() -> list[BasePlugin]:
    kinds: Collection[type[BasePlugin]] = get_mapping_from_secret_type_to_class().values()
    return [kind() for kind in kinds if kind.__name__ not in _LEFT_OUT]


def _lines_with_keywords(text: str) -> Iterator[str]:
    """By line, for its patterns go on over line ends; and only where one can match, for they are slow."""
    return (line for line in text.splitlines() if len(line) < _LONGEST_LINE and _KEYWORD.search(line))


def _blobs(answer: bytes) -> Iterator[tuple[str, bytes]]:
    """As `git cat-file --batch` gives them: a line with name, kind and size, the content, and a line end."""
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        name, kind, size = answer[at:end].decode().split()
        if kind == "blob":
            yield name, answer[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)


def _as_text(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _git(root: Path, *arguments: str, given: bytes | None = None) -> bytes:
    return subprocess.run(["git", "-C", str(root), *arguments], input=given, capture_output=True, check=True).stdout  # noqa: S607
