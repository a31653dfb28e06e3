"""Fault scripts: a TOML or JSON file with a seed, the rules of connections, and faults with their times."""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from wickstream.errors import Mistake
from wickstream.exchange.local.doors.session import StreamRules
from wickstream.exchange.local.faults.faults import FaultError, Timing, read_entry
from wickstream.exchange.local.faults.frame_faults import Fault


@dataclass(frozen=True)
class FaultScript:
    """What a file asks for."""

    seed: int = 0
    rules: StreamRules = field(default_factory=StreamRules)
    entries: tuple[tuple[Fault, Timing], ...] = ()


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    seed: int = 0
    rules: StreamRules = StreamRules()
    faults: list[Any] = []


def read_script(file: Path) -> FaultScript:
    """Read a file: TOML if it is named so, else JSON.

    Raises:
        Mistake: If it cannot be read; names the line, or the fault and its field.
    """
    try:
        document = msgspec.convert(_parsed(file), _Document)
    except msgspec.ValidationError as exc:
        raise Mistake(f"{file}: {exc}") from exc
    return FaultScript(document.seed, document.rules, tuple(_entries(file, document.faults)))


def _parsed(file: Path) -> Any:
    try:
        text = file.read_text("utf-8")
        return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, tomllib.TOMLDecodeError) as exc:
        raise Mistake(f"{file}: {exc.strerror if isinstance(exc, OSError) else exc}") from exc


def _entries(file: Path, entries: list[Any]) -> list[tuple[Fault, Timing]]:
    found = []
    for number, entry in enumerate(entries, start=1):
        try:
            found.append(read_entry(entry))
        except FaultError as exc:
            raise Mistake(f"{file}, fault {number}: {exc}") from exc
    return found
