"""Foreign clients, each in an environment of its own, made from its lock once and kept in the cache folder."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STORY_SECONDS = 180.0
Seen = dict[str, list[Any]]  # by what was told, in order
ONLY_HERE = {"PYTHONPATH": "", "NO_PROXY": "*", "no_proxy": "*"}  # the exchange is on this machine


@dataclass(frozen=True)
class ForeignClient:
    """A client that nobody here wrote, ready to be run.

    Attributes:
        name: its folder here: `requirements.lock`, and `runner.py` which tells what the client sees.
        python: of the environment made from that lock.
    """

    name: str
    python: Path

    def tells(self, story: str, *numbers: int, port: int) -> Seen:
        """What it saw of the exchange on that port.

        Raises:
            AssertionError: If the runner fails or does not end; shows the end of what it wrote.
        """
        module = f"tests.clients.{self.name}.runner"
        ran = subprocess.run(
            [self.python, "-m", module, story, f"127.0.0.1:{port}", *map(str, numbers)],
            cwd=ROOT, env=os.environ | ONLY_HERE, capture_output=True, timeout=STORY_SECONDS, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, (
            f"{self.name} {story}:\n{ran.stdout[-1_000:].decode()}\n{ran.stderr[-4_000:].decode()}"
        )
        return _by_what(ran.stdout)


def foreign_client(name: str, cache_dir: Path) -> ForeignClient:
    """The client of that folder; its environment is made if the cache has none from this lock and this Python."""
    lock = HERE / name / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache_dir / "clients" / f"{name}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{name}.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (folder / ".made").exists() or not (folder / "bin" / "python").exists():
            _make(folder, lock)
    return ForeignClient(name, folder / "bin" / "python")


def _make(folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--python", sys.executable, str(folder))
    _uv("pip", "sync", "--require-hashes", "--python", str(folder), str(lock))
    (folder / ".made").touch()


def _uv(*arguments: str) -> None:
    uv = shutil.which("uv", path=f"{ROOT / '.uv' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert uv, "uv makes the clients' environments: run `make env`"
    # uv brings its own certificates; behind an inspecting proxy only the system's are right.
    environment = os.environ | {"UV_SYSTEM_CERTS": "1"}
    made = subprocess.run([uv, "--quiet", *arguments], env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, f"uv {arguments[0]}: {made.stderr}"


def _by_what(out: bytes) -> Seen:
    seen: Seen = defaultdict(list)
    for line in out.splitlines():
        what, fact = json.loads(line)
        seen[what].append(fact)
    return seen
