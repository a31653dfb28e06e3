"""Ivy, which pyspark ships, as the fetcher: it knows the Maven world, its proxies and its checksums."""

import importlib.util
import itertools
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from wickstream.errors import Mistake
from wickstream.jvm.java import Java

_PARALLEL = 4
_FETCH_SECONDS = 900.0
_JVM_FLAGS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass(frozen=True)
class Wanted:
    """One jar to fetch. Jars of one server may be fetched together: Ivy evicts the older of two versions."""

    server: str
    group: str
    artifact: str  # with a classifier, as in name:jar-with-dependencies, where it is not the plain jar
    version: str


def retrieve(
    wanted: Sequence[Wanted],
    folder: Path,
    *,
    java: Java,
    root_url: str | None,
    on_progress: Callable[[str], None],
) -> None:
    """Put every wanted jar at `<folder>/<server>/<artifact>-<version>.jar`; several at a time.

    Raises:
        Mistake: If a jar cannot be had.
    """
    batches = split(wanted, _PARALLEL)
    runs = [_start(batch, folder, number, java=java, root_url=root_url) for number, batch in enumerate(batches)]
    try:
        _wait(runs, folder, len(wanted), on_progress)
    finally:
        for run in runs:
            if run.poll() is None:
                run.kill()
                run.wait()
    if any(run.returncode for run in runs):
        first = f"{wanted[0].artifact}-{wanted[0].version}"
        raise Mistake(
            f"cannot fetch {len(wanted)} jars ({first}, …): {cause_of(_logs(folder))}. "
            "Check the network, or set MAVEN_REPOSITORY_URL to a mirror, and start again"
        )


def ivy_jar() -> Path:
    """Ivy as it lies beside Spark's own jars; found without the cost of importing pyspark.

    Raises:
        Mistake: If this environment has no pyspark.
    """
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise Mistake("pyspark is not installed: make the environment again (make env)")
    return next((Path(spec.origin).parent / "jars").glob("ivy-*.jar"))


def split(wanted: Sequence[Wanted], parts: int) -> list[list[Wanted]]:
    """Batches of one server each, about `parts` of them in all."""
    size = max(1, -(-len(wanted) // parts))
    by_server = itertools.groupby(sorted(wanted, key=lambda w: w.server), key=lambda w: w.server)
    return [list(batch) for _, jars in by_server for batch in _chunks(list(jars), size)]


def _chunks(jars: list[Wanted], size: int) -> Iterable[list[Wanted]]:
    return (jars[start : start + size] for start in range(0, len(jars), size))


def _start(
    batch: list[Wanted], folder: Path, number: int, *, java: Java, root_url: str | None
) -> "subprocess.Popen[bytes]":
    work = folder / f"ivy-{number}"
    work.mkdir()
    (work / "settings.xml").write_text(settings_xml(root_url))
    (work / "ivy.xml").write_text(module_xml(batch))
    command: list[str | Path] = [java.path, *_JVM_FLAGS, *java.flags, *_proxy_flags(), "-jar", ivy_jar()]
    command += ["-settings", "settings.xml", "-ivy", "ivy.xml", "-cache", "cache", "-types", "jar"]
    command += ["-retrieve", folder / batch[0].server / "[artifact]-[revision].[ext]"]
    with (work / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=work, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _wait(runs: list["subprocess.Popen[bytes]"], folder: Path, total: int, on_progress: Callable[[str], None]) -> None:
    deadline = time.monotonic() + _FETCH_SECONDS
    shown = -1
    while any(run.poll() is None for run in runs) and time.monotonic() < deadline:
        done = sum(1 for _ in folder.glob("ivy-*/cache/**/*.jar"))
        if done != shown:
            on_progress(f"fetching jars: {done} of {total}")
            shown = done
        time.sleep(0.2)


def _logs(folder: Path) -> str:
    return "\n".join(log.read_text(errors="replace") for log in folder.glob("ivy-*/log"))


def cause_of(logs: str) -> str:
    """What went wrong, in one clause, from what Ivy printed."""
    known = (cause for sign, cause in _CAUSES if re.search(sign, logs))
    return next(known, "the registry does not answer, or does not have them")


_CAUSES = (
    (r"PKIX path", "the registry's certificate is not trusted (a proxy's? set SSL_CERT_FILE to its bundle)"),
    (r"Host \S+ not found", "the registry's name is not known here (no network?)"),
    (r"No space left", "the disk is full"),
)


def settings_xml(root_url: str | None) -> str:
    """Ivy's settings: no poms, no transitive search; the well-known registry is Ivy's own default."""
    root = f" root={quoteattr(root_url)}" if root_url else ""
    return f"""<ivysettings>
  <settings defaultResolver="registry"/>
  <timeout-constraints>
    <timeout-constraint name="patient" connectionTimeout="15000" readTimeout="60000"/>
  </timeout-constraints>
  <resolvers>
    <ibiblio name="registry" m2compatible="true" usepoms="false" timeoutConstraint="patient"{root}/>
  </resolvers>
</ivysettings>
"""


def module_xml(batch: Iterable[Wanted]) -> str:
    """Ivy's list of what to fetch."""
    dependencies = "\n".join(map(_dependency, batch))
    return f"""<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">
  <info organisation="wickstream" module="servers"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>
{dependencies}
  </dependencies>
</ivy-module>
"""


def _dependency(wanted: Wanted) -> str:
    name, _, classifier = wanted.artifact.partition(":")
    own = f'org="{wanted.group}" name="{name}" rev="{wanted.version}"'
    whole = f'    <dependency {own} transitive="false" conf="default->*"'
    if not classifier:
        return f"{whole}/>"
    return f'{whole}><artifact name="{name}" type="jar" ext="jar" m:classifier="{classifier}"/></dependency>'


def _proxy_flags() -> list[str]:
    """The machine's proxy, which a JVM does not look up by itself."""
    proxies = urllib.request.getproxies()
    flags = []
    for scheme in ("http", "https"):
        url = urlsplit(proxies.get(scheme, ""))
        if url.hostname:
            flags += [f"-D{scheme}.proxyHost={url.hostname}", f"-D{scheme}.proxyPort={url.port or 80}"]
    return flags
