"""Airflow's own Python environment: made once from its lock, kept in the cache folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import wickstream
from wickstream.config import Settings, child_environment
from wickstream.errors import Mistake
from wickstream.operate.supervision.child import SAID

_PACKAGE = Path(wickstream.__file__).parent
_MAKE_SECONDS = 900.0


def dags_folder() -> Path:
    """Where DAGs, their list of jobs and the lock are: in the package, or in the repository it is run from.

    Raises:
        Mistake: If they are nowhere.
    """
    for folder in (_PACKAGE / "dags", _PACKAGE.parents[1] / "dags"):
        if (folder / "requirements.lock").is_file():
            return folder
    raise Mistake(f"{_PACKAGE} came without Airflow's DAGs: install wickstream anew, or leave --airflow out")


def airflow_environment(settings: Settings, say: Callable[[str], None]) -> Path:
    """The folder of the environment; made on the first call, by uv where it is there, else by pip.

    Raises:
        Mistake: If it cannot be made; says why.
    """
    lock = dags_folder() / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = settings.cache_dir / "airflow" / digest
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / ".lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (folder / ".made").exists():
            say("making Airflow's environment (about 250 MB)")
            _make(folder, lock, child_environment(settings) | {"UV_SYSTEM_CERTS": "1"})
    return folder


def _make(folder: Path, lock: Path, environment: Mapping[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / "bin" / "python")
    path = os.pathsep.join((str(_PACKAGE.parents[1] / ".uv" / "bin"), environment.get("PATH", os.defpath)))
    if uv := shutil.which("uv", path=path):
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], environment)
        _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, str(lock)], environment)
    else:
        _run([sys.executable, "-m", "venv", str(folder)], environment)
        _run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)], environment)
    (folder / ".made").touch()


def _run(argv: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(argv, env=dict(environment), capture_output=True, text=True, timeout=_MAKE_SECONDS)
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["it does not say why"])[-1].removeprefix(SAID)
        raise Mistake(f"Airflow's environment cannot be made ({words}): is the package index reachable?")
