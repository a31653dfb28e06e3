"""What is missing or wrong on this machine, and how to mend it."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import msgspec
import psutil

from wickstream.config import Settings
from wickstream.errors import WickstreamError
from wickstream.jvm.jars import is_whole, locked_jars, postgres_server
from wickstream.jvm.java import find_java
from wickstream.operate.ports import is_free, wanted_ports
from wickstream.operate.servers.postgres_user import is_open_to_all, way_into_closed_folders
from wickstream.operate.supervision.pids import holder_of

_GB = 10**9
NEEDED_DISK_BYTES = 5 * _GB  # the servers and their caches take 0.5; a day of 15 symbols about 3
NEEDED_MEMORY_BYTES = 2 * _GB

# What some tests need, and the Debian package that brings it.
SYSTEM_PACKAGES = {
    "chromium": "chromium",
    "openssl": "openssl",
    "pg_dump": "postgresql-client",
    "redis-server": "redis-server",
    "promtool": "prometheus",
}


class Verdict(StrEnum):
    """`warn`: it will run, but something is worse or a test is skipped; `fail`: it will not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True):
    """The outcome of one check."""

    check: str
    verdict: Verdict
    found: str
    mend: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Run all checks; none of them starts or fetches anything, or touches data."""
    checks: tuple[Callable[[Settings], Finding], ...] = (_python, _memory, _disk, _java, _cache, _ports, _postgres)
    return [check(settings) for check in checks] + [_package(*item) for item in SYSTEM_PACKAGES.items()]


def _python(_: Settings) -> Finding:
    # An older Python cannot even import this, so there is nothing to judge.
    return Finding("python", Verdict.OK, f"{platform.python_version()} at {sys.executable}")


def _memory(_: Settings) -> Finding:
    free = psutil.virtual_memory().available
    found = f"{free / _GB:.1f} GB available"
    if free >= NEEDED_MEMORY_BYTES:
        return Finding("memory", Verdict.OK, found)
    return Finding("memory", Verdict.WARN, found, "the whole stack takes up to 1.5 GB: close something else")


def _disk(settings: Settings) -> Finding:
    folder = _existing(settings.data_dir)
    free = shutil.disk_usage(folder).free
    found = f"{free / _GB:.1f} GB free at {folder}"
    if not os.access(folder, os.W_OK):
        return Finding("disk", Verdict.FAIL, f"{folder} cannot be written", "choose another --data-dir")
    if free >= NEEDED_DISK_BYTES:
        return Finding("disk", Verdict.OK, found)
    return Finding("disk", Verdict.WARN, found, "make room, or choose a --data-dir on another disk")


def _java(settings: Settings) -> Finding:
    try:
        java = find_java(settings)
    except WickstreamError as exc:
        return Finding("java", Verdict.FAIL, str(exc), "install Java 17 or 21, or make the environment again")
    return Finding("java", Verdict.OK, f"{'.'.join(map(str, java.version))} at {java.path}")


def _cache(settings: Settings) -> Finding:
    try:
        jars = locked_jars("spark", "kafka", postgres_server())
    except WickstreamError as exc:
        return Finding("servers", Verdict.FAIL, str(exc))
    missing = [jar for jar in jars if not is_whole(jar, settings)]
    if not missing:
        return Finding(
            "servers", Verdict.OK, f"all {len(jars)} files are in {settings.cache_dir}: no network is needed"
        )
    found = f"{len(missing)} of {len(jars)} files are missing in {settings.cache_dir}"
    return Finding(
        "servers", Verdict.WARN, found, "the next `wickstream up` fetches them: a Maven registry must be reachable"
    )


def _ports(settings: Settings) -> Finding:
    wanted = wanted_ports(settings, with_exchange=True)
    taken = [f"{port} ({name})" for name, port in wanted.items() if not is_free(settings.listen_host, port)]
    if not taken:
        return Finding("ports", Verdict.OK, f"{settings.port_base} to {max(wanted.values())} are free")
    if holder := holder_of(settings.data_dir / "run"):
        return Finding("ports", Verdict.OK, f"in use by the wickstream that runs here (pid {holder})")
    mend = "stop what listens there, or set WICKSTREAM_PORT_BASE"
    return Finding("ports", Verdict.FAIL, f"in use: {', '.join(taken)}", mend)


def _postgres(settings: Settings) -> Finding:
    if settings.postgres_host:
        return Finding("postgres", Verdict.OK, f"{settings.postgres_host} is used")
    if os.geteuid() != 0:
        return Finding("postgres", Verdict.OK, "runs as this user")
    return _postgres_of_root(settings)


def _postgres_of_root(settings: Settings) -> Finding:
    folders = [_existing(folder) for folder in (settings.data_dir, settings.cache_dir)]
    if all(map(is_open_to_all, folders)):
        return Finding("postgres", Verdict.OK, "runs as nobody, as root may not run it")
    way = way_into_closed_folders(Path(sys.executable))
    if way is not None:
        return Finding("postgres", Verdict.OK, f"runs as another user ({way}), as root may not run it")
    mend = "choose --data-dir and WICKSTREAM_CACHE_DIR outside private folders, or run as an ordinary user"
    return Finding("postgres", Verdict.FAIL, "root may not run it, and other users cannot reach the folders", mend)


def _package(program: str, package: str) -> Finding:
    path = shutil.which(program)
    if path is None:
        mend = f"only for tests, which are skipped without it: apt-get install {package}"
        return Finding(package, Verdict.WARN, f"no {program}", mend)
    if program == "redis-server" and not _is_redis_7(path):
        return Finding(package, Verdict.WARN, f"{path} is not Redis 7", "only for tests: Debian 12's redis-server is")
    return Finding(package, Verdict.OK, path)


def _is_redis_7(path: str) -> bool:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=10)
    return " v=7." in done.stdout


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())
