"""What is known against the packages of a lock, by pip-audit and an advisory service that speaks as OSV does."""

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

SERVICE = "https://api.osv.dev/v1/query"
EXCEPTIONS_FILE = Path(__file__).with_name("audit-exceptions.toml")
LIMIT_S = 900
# Of pip-audit's last words, those of a service that is away; it has no exit code for them.
_AWAY = ("requests.exceptions.", "Could not connect", "ServiceError", "NameResolutionError", "MaxRetryError")


class State(StrEnum):
    """How an audit ended. `NOT_AUDITED`: the service did not answer, so nothing is known either way."""

    CLEAN = "clean"
    KNOWN_AGAINST = "known against"
    NOT_AUDITED = "not audited"


@dataclass(frozen=True)
class Exempted:
    """A finding that is lived with."""

    id: str
    reason: str
    decided: date


@dataclass(frozen=True)
class Verdict:
    """Of one lock."""

    lock: Path
    state: State
    details: tuple[str, ...]  # a line for each finding, or why it was not audited
    packages: int = 0


def exceptions(file: Path = EXCEPTIONS_FILE) -> list[Exempted]:
    """Those that were decided.

    Raises:
        ValueError: If one has no id, no reason or no date.
    """
    listed: list[dict[str, Any]] = tomllib.loads(file.read_text("utf-8")).get("exception", [])
    return [_exempted(entry) for entry in listed]


def _exempted(entry: dict[str, Any]) -> Exempted:
    try:
        made = Exempted(**entry)
    except TypeError as exc:
        raise ValueError(f"an exception of the audit needs id, reason and decided: {entry}") from exc
    if not (made.id and made.reason and isinstance(made.decided, date)):
        raise ValueError(f"an exception of the audit needs id, reason and a date: {entry}")
    return made


def audit(lock: Path, *, exempted: list[Exempted], service: str = SERVICE, timeout_s: int = 15) -> Verdict:
    """Ask the service about each package of the lock.

    Raises:
        ValueError: If pip-audit ended otherwise than by a finding or for want of the service, as at a broken lock.
    """
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--format", "json"]
        command += ["--vulnerability-service", "osv", "--osv-url", service, "--timeout", str(timeout_s)]
        command += ["--cache-dir", cache, "--progress-spinner", "off"]
        command += [part for one in exempted for part in ("--ignore-vuln", one.id)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.stdout.strip():
        return _verdict(lock, json.loads(done.stdout)["dependencies"])
    last = done.stderr.strip().splitlines()[-1:] or ["pip-audit said nothing"]
    if any(word in done.stderr for word in _AWAY):
        return Verdict(lock, State.NOT_AUDITED, (f"{service} does not answer: {last[0][:200]}",))
    raise ValueError(f"{lock}: {last[0]}")


def _verdict(lock: Path, dependencies: list[dict[str, Any]]) -> Verdict:
    found = tuple(
        f"{package['name']} {package['version']}: {flaw['id']}, {_mended(flaw)}"
        for package in dependencies
        for flaw in package.get("vulns", ())
    )
    return Verdict(lock, State.KNOWN_AGAINST if found else State.CLEAN, found, len(dependencies))


def _mended(flaw: dict[str, Any]) -> str:
    versions = ", ".join(flaw["fix_versions"])
    return f"mended in {versions}" if versions else "not mended yet"
