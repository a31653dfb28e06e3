"""Every part that is not ours: packages of the product's lock, jars, and JavaScript that lies beside the page."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from deploy.supply.locks import PRODUCT, ROOT, pins
from wickstream.jvm.jars import LOCK_FILE, Jar

LICENCES_FILE = Path(__file__).with_name("licences.toml")
VENDOR = ROOT / "src" / "wickstream" / "serve" / "static" / "vendor"

PYTHON, JAR, VENDORED = "python", "jar", "vendored"
_ONLY_TESTS = re.compile(r"s3proxy|postgres-1[5-7]-")
_BANNER = re.compile(r" v(\d+\.\d+\.\d+)$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Part:
    """One of them. `licence` is an SPDX expression, or empty where nobody has said it."""

    kind: str
    group: str  # of a jar; empty otherwise
    name: str
    version: str
    licence: str
    used_by: str
    sha256: str = ""  # of a jar

    @property
    def full_name(self) -> str:
        """As `licences.toml` has it."""
        return f"{self.group}:{self.name}" if self.group else self.name


@cache
def known() -> dict[str, dict[str, Any]]:
    """`licences.toml`: what is allowed, and what each part is under."""
    return tomllib.loads(LICENCES_FILE.read_text("utf-8"))


def parts() -> list[Part]:
    """All, in order."""
    return sorted([*_python(), *_jars(), *_vendored()])


def _python() -> list[Part]:
    said = known()[PYTHON]
    return [Part(PYTHON, "", pin.name, pin.version, said.get(pin.name, ""), "wickstream") for pin in pins(PRODUCT)]


def _jars() -> list[Part]:
    lines = LOCK_FILE.read_text("ascii").splitlines()
    return [_of_jar(Jar(*line.split())) for line in lines]


def _of_jar(jar: Jar) -> Part:
    name = jar.artifact.partition(":")[0]
    user = "tests" if _ONLY_TESTS.match(jar.server) else re.sub(r"^(postgres).*", r"\1", jar.server)
    licence = known()[JAR].get(f"{jar.group}:{re.sub(r'-(linux|darwin)-.*', '', name)}", "")
    return Part(JAR, jar.group, name, jar.version, licence, user, jar.sha256)


def _vendored() -> list[Part]:
    said = known()[VENDORED]
    return [
        Part(VENDORED, "", folder.name, _version_in(folder), said.get(folder.name, ""), "the page")
        for folder in sorted(VENDOR.iterdir())
    ]


def _version_in(folder: Path) -> str:
    (script,) = folder.glob("*.mjs")
    found = _BANNER.search(script.read_text("utf-8")[:500])
    if found is None:
        raise ValueError(f"{script}: its first lines do not say a version")
    return found[1]
