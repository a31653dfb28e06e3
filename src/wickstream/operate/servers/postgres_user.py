"""As whom PostgreSQL runs: it refuses root."""

import os
import pwd
import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

from wickstream.errors import Mistake
from wickstream.operate.servers import unprivileged


class RunAs(StrEnum):
    """The ways, in the order they are tried."""

    SELF = "self"  # an ordinary user started us
    NOBODY = "nobody"  # root, and the folders are open to everybody
    NAMESPACE = "namespace"  # root, and PostgreSQL sees itself as an ordinary user
    CAPABLE = "capable"  # root without namespaces, as in containers: nobody, but able to pass closed folders

    def command(self, *argv: str) -> tuple[str, ...]:
        """The command line that runs `argv` this way."""
        if self is RunAs.SELF:
            return argv
        return (sys.executable, "-I", "-S", unprivileged.__file__, self.value, *argv)

    @property
    def owner(self) -> tuple[int, int]:
        """User and group that must own the data."""
        if self in (RunAs.NOBODY, RunAs.CAPABLE):
            nobody = pwd.getpwnam("nobody")
            return nobody.pw_uid, nobody.pw_gid
        return os.geteuid(), os.getegid()


def choose(program: Path, data: Path) -> RunAs:
    """The first way that works for this program and this data folder.

    Raises:
        Mistake: If no way works.
    """
    if os.geteuid() != 0:
        return RunAs.SELF if has_name(os.geteuid()) else _without_a_name(program)
    if is_open_to_all(program) and is_open_to_all(data.parent):
        return RunAs.NOBODY
    way = way_into_closed_folders(program)
    if way is None:
        raise Mistake(
            f"PostgreSQL cannot run as root, and other users cannot reach {data.parent}: "
            "choose --data-dir and WICKSTREAM_CACHE_DIR outside private folders, or start as an ordinary user"
        )
    return way


def _without_a_name(program: Path) -> RunAs:
    if sys.platform == "linux" and _works(RunAs.NAMESPACE, program):
        return RunAs.NAMESPACE
    raise Mistake(
        f"PostgreSQL refuses user {os.geteuid()}, who is not in /etc/passwd: add the user, or start as another"
    )


def has_name(user: int) -> bool:
    """Tell whether the user is known by name; initdb insists on it."""
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def is_open_to_all(path: Path) -> bool:
    """Tell whether every folder on the way can be passed by everybody."""
    real = path.resolve()  # a link into a private folder is as closed as that folder
    return all(folder.stat().st_mode & 0o001 for folder in (*path.parents, real, *real.parents))


def way_into_closed_folders(program: Path) -> RunAs | None:
    """How root can start a program that refuses root, if other users cannot reach the folders; None if in no way."""
    ways = (RunAs.NAMESPACE, RunAs.CAPABLE) if sys.platform == "linux" else ()
    return next((way for way in ways if _works(way, program)), None)


def _works(way: RunAs, program: Path) -> bool:
    return subprocess.run(way.command(str(program), "--version"), capture_output=True, timeout=20).returncode == 0


def hand_over(folder: Path, run_as: RunAs) -> None:
    """Make `folder` and all in it belong to the user PostgreSQL runs as.

    Raises:
        Mistake: If it belongs to somebody else and we may not change that.
    """
    if folder.stat().st_uid == run_as.owner[0]:
        return
    if run_as is RunAs.SELF:
        raise Mistake(f"{folder} belongs to another user: start as that user, or choose another --data-dir")
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, *run_as.owner)
