"""`make sbom`, `make licences`, `make audit`, `make secrets`: writes what is said of our parts, or asks about them."""

import sys
from importlib.metadata import version
from pathlib import Path

from deploy.supply import audit, licences, sbom, secrets
from deploy.supply.locks import ROOT, locks
from deploy.supply.parts import known, parts

NOT_AUDITED = 75  # "try again later": neither a pass nor a fault


def write(file: Path, text: str) -> None:
    """With its folder."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    say(f"wrote {file.relative_to(ROOT)}")


def write_licences() -> int:
    """`docs/licences.md`; 1 if a part may not be there."""
    listed = parts()
    write(licences.PAGE, licences.page(listed))
    return tell(licences.objections(listed, known()["allowed"]))


def write_sbom() -> int:
    """`sbom/wickstream.cdx.json`."""
    write(sbom.FILE, sbom.bom_of(parts(), version("wickstream")))
    return 0


def audit_locks() -> int:
    """1 if something is known against a package; 75 if the service did not answer for one of the locks."""
    exempted = audit.exceptions()
    verdicts = [audit.audit(lock, exempted=exempted) for lock in locks()]
    for verdict in verdicts:
        say(f"{verdict.lock.relative_to(ROOT)}: {verdict.state}" + "".join(f"\n  {line}" for line in verdict.details))
    states = {verdict.state for verdict in verdicts}
    if audit.State.KNOWN_AGAINST in states:
        return 1
    return NOT_AUDITED if audit.State.NOT_AUDITED in states else 0


def look_for_secrets() -> int:
    """1 if the tree or its history holds what looks like a secret and is not in `known-secrets.toml`."""
    found = secrets.unknown(secrets.suspects([*secrets.tree(ROOT), *secrets.history(ROOT)]), secrets.known())
    return tell([f"{one.path}: {one.kind}: {one.value[:4]}…" for one in found])


def tell(lines: list[str]) -> int:
    """1 if there is anything to tell."""
    for line in lines:
        say(line)
    return min(len(lines), 1)


def say(line: str) -> None:
    """To whoever called `make`."""
    sys.stdout.write(f"{line}\n")


COMMANDS = {"sbom": write_sbom, "licences": write_licences, "audit": audit_locks, "secrets": look_for_secrets}

if __name__ == "__main__":
    if sys.argv[1:] == [] or sys.argv[1] not in COMMANDS:
        sys.exit(f"python -m deploy.supply {'|'.join(COMMANDS)}")
    sys.exit(COMMANDS[sys.argv[1]]())
