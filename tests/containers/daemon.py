"""Docker: the one that answers, else one of our own that keeps everything in one folder and ends with the tests."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from tests.running import wait_until

NEEDED = {"dockerd": "docker.io", "docker": "docker.io", "docker-compose": "docker-compose", "mmdebstrap": "mmdebstrap"}
_CLASSIC = {"DOCKER_BUILDKIT": "1", "COMPOSE_DOCKER_CLI_BUILD": "1"}  # of Debian's docker, which has no plugins


def lacking() -> str | None:
    """Why containers cannot be tried here; None: they can."""
    path = f"/usr/bin:/usr/sbin:{os.environ['PATH']}"
    absent = sorted({package for program, package in NEEDED.items() if shutil.which(program, path=path) is None})
    if absent:
        return f"containers are not tried: apt-get install {' '.join(absent)}"
    return None if os.geteuid() == 0 else "containers are not tried: only root may start Docker"


@contextmanager
def docker(folder: Path) -> Iterator["Docker"]:
    """Ready to be asked."""
    found = Docker(dict(os.environ) | _CLASSIC | {"PATH": f"/usr/bin:/usr/sbin:{os.environ['PATH']}"})
    if found.answers():
        yield found
        return
    own = Docker({**found.environment, "DOCKER_HOST": f"unix://{folder}/sock"})
    argv = ["dockerd", f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"]
    with (folder / "log").open("wb") as log:
        argv = [*argv, "-H", own.environment["DOCKER_HOST"]]
        daemon = subprocess.Popen(argv, env=own.environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(own.answers, what="dockerd answers")
        yield own
    finally:
        daemon.terminate()
        daemon.wait(60)


class Docker:
    """One daemon's commands."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)

    def answers(self) -> bool:
        """Tell whether the daemon is there."""
        asked = subprocess.run(["docker", "info"], env=self.environment, capture_output=True, check=False)
        return asked.returncode == 0

    def run(
        self,
        *argv: str,
        cwd: Path | None = None,
        stdin: int | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """What a command says, in the daemon's environment and this one.

        Raises:
            AssertionError: If it fails; shows the end of what it wrote.
        """
        done = subprocess.run(
            argv,
            env={**self.environment, **environment},
            cwd=cwd,
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout[-3_000:]}\n{done.stderr[-3_000:]}"
        return done.stdout.strip()

    def has(self, image: str) -> bool:
        """Tell whether it is there."""
        return bool(self.run("docker", "images", "--quiet", image))
