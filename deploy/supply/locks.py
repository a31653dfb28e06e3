"""The lock files: which there are, and what they pin."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "requirements.lock"

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Pin:
    """One package in one version."""

    name: str
    version: str


def locks(root: Path = ROOT) -> list[Path]:
    """All of them, the product's first."""
    found = [*root.glob("requirements*.lock"), root / "dags" / "requirements.lock"]
    found += root.glob("tests/clients/*/requirements.lock")
    return sorted(found, key=lambda lock: (lock.name != PRODUCT.name, len(lock.parts), lock))


def peer_locks(root: Path = ROOT) -> list[Path]:
    """Of other people's software that `make bench` runs beside ours: as old as it is, and nowhere else."""
    return sorted(root.glob("bench/peers/*/requirements.lock"))


def pins(lock: Path) -> Iterator[Pin]:
    """What a lock pins, in its order; a package may be there in two versions, for two Pythons."""
    for match in _PIN.finditer(lock.read_text("utf-8")):
        yield Pin(match["name"], match["version"])
