"""The jars of `jars.lock`, in the cache folder: checked by sha256, fetched when missing or damaged."""

import fcntl
import hashlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.jvm import ivy
from wickstream.jvm.java import find_java

LOCK_FILE = Path(__file__).with_name("jars.lock")
_POSTGRES_PLATFORMS = {
    ("linux", "x86_64"): "linux-amd64",
    ("linux", "aarch64"): "linux-arm64v8",
    ("darwin", "arm64"): "darwin-arm64v8",
}

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Jar:
    """One line of the lock: a file of the Maven world, and what it must hash to."""

    server: str
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """As the file is called in the cache."""
        return f"{self.artifact.partition(':')[0]}-{self.version}.jar"

    def path(self, settings: Settings) -> Path:
        """Where the file is, or will be."""
        return settings.cache_dir / "jars" / self.server / self.file_name


def silent(_: str) -> None:
    """Progress that nobody looks at."""


def locked_jars(*servers: str) -> tuple[Jar, ...]:
    """The jars of these servers, in the order of the lock."""
    lines = LOCK_FILE.read_text(encoding="ascii").splitlines()
    return tuple(jar for jar in (Jar(*line.split()) for line in lines) if jar.server in servers)


def postgres_server() -> str:
    """The name in the lock of this platform's PostgreSQL.

    Raises:
        Mistake: If none is locked for this platform.
    """
    name = _POSTGRES_PLATFORMS.get((sys.platform, platform.machine()))
    if name is None:
        raise Mistake(
            f"no PostgreSQL for {sys.platform} {platform.machine()} can be fetched: start one and set POSTGRES_HOST"
        )
    return f"postgres-{name}"


def kafka_jars(settings: Settings, *, on_progress: Progress = silent) -> list[Path]:
    """The broker's class path, sorted; fetched if need be."""
    return fetch_jars(settings, ("kafka",), on_progress=on_progress)


def spark_jars(settings: Settings, *, on_progress: Progress = silent) -> list[Path]:
    """What Spark needs beyond pyspark's own jars to read Kafka, sorted; fetched if need be."""
    return fetch_jars(settings, ("spark",), on_progress=on_progress)


def fetch_jars(settings: Settings, servers: Iterable[str], *, on_progress: Progress = silent) -> list[Path]:
    """The sorted paths of the jars of these servers. Needs neither network nor Java when all are there and whole.

    Raises:
        Mistake: If the registry cannot be reached, gives a file that is not the locked one, or the cache
            folder cannot be written.
    """
    jars = locked_jars(*servers)
    if not all(is_whole(jar, settings) for jar in jars):
        try:
            with _one_fetcher(settings) as root:
                _fetch([jar for jar in jars if not is_whole(jar, settings)], root, settings, on_progress)
        except OSError as exc:
            raise Mistake(f"cannot keep jars in WICKSTREAM_CACHE_DIR={settings.cache_dir}: {exc.strerror}") from exc
    return sorted(jar.path(settings) for jar in jars)


def is_whole(jar: Jar, settings: Settings) -> bool:
    """Tell a file that is there and hashes to what the lock says."""
    path = jar.path(settings)
    return path.is_file() and _sha256(path) == jar.sha256


@contextmanager
def _one_fetcher(settings: Settings) -> Iterator[Path]:
    root = settings.cache_dir / "jars"
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left_behind in root.glob(".fetch-*"):
            shutil.rmtree(left_behind, ignore_errors=True)
        yield root


def _fetch(missing: list[Jar], root: Path, settings: Settings, on_progress: Progress) -> None:
    if not missing:  # another process fetched them while this one waited for the lock
        return
    with tempfile.TemporaryDirectory(dir=root, prefix=".fetch-") as folder:
        ivy.retrieve(
            [ivy.Wanted(jar.server, jar.group, jar.artifact, jar.version) for jar in missing],
            Path(folder),
            java=find_java(settings),
            root_url=settings.maven_repository_url,
            on_progress=on_progress,
        )
        for jar in missing:
            _accept(jar, Path(folder) / jar.server / jar.file_name, settings)


def _accept(jar: Jar, fetched: Path, settings: Settings) -> None:
    if _sha256(fetched) != jar.sha256:
        raise Mistake(
            f"{jar.file_name} is not the file of jars.lock (sha256 differs): the registry or a proxy changed it"
        )
    target = jar.path(settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    fetched.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
