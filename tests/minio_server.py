"""MinIO, built once from its source: the Go module proxy has it, no package registry of ours does."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.s3_server import ACCESS_KEY, SECRET_KEY
from wickstream.config import Settings
from wickstream.operate.supervision.process import ProcessSpec

VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"  # the last there will be: upstream is archived
NEEDED_GO = (1, 24)
NO_GO = "MinIO is not tried: no Go 1.24 or newer is there to build it with, neither on PATH nor in /usr/local/go"
_BUILD_SECONDS = 1_500


def find_go() -> Path | None:
    """A Go that can build it."""
    found = (shutil.which("go"), "/usr/local/go/bin/go")
    return next((Path(go) for go in found if go and Path(go).exists() and _version(Path(go)) >= NEEDED_GO), None)


def _version(go: Path) -> tuple[int, int]:
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\bgo(\d+)\.(\d+)", said)
    return (int(number[1]), int(number[2])) if number else (0, 0)


def minio_program(settings: Settings, go: Path) -> Path:
    """In the cache folder; the first time builds it, about 4 minutes on two cores."""
    folder = settings.cache_dir / "minio" / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "minio"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _build(go, program)
    return program


def _build(go: Path, program: Path) -> None:
    with tempfile.TemporaryDirectory(dir=program.parent) as draft:
        done = subprocess.run(
            [go, "install", "-trimpath", f"github.com/minio/minio@{VERSION}"],
            env=os.environ | {"GOBIN": draft, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
            cwd=draft, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"MinIO could not be built:\n{done.stderr[-2000:]}"
        (Path(draft) / "minio").replace(program)


def minio_spec(settings: Settings, *, bucket: str, go: Path) -> ProcessSpec:
    """On the port of `settings`' MinIO address, with the bucket made."""
    folder = settings.data_dir / "minio"
    return ProcessSpec(
        name="minio",
        argv=(str(minio_program(settings, go)), "server", "--quiet", "--address", str(settings.minio_endpoint), "data"),
        env=os.environ
        | {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY}
        | {"MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "HOME": str(folder)},
        cwd=folder,
        prepare=lambda: (folder / "data" / bucket).mkdir(parents=True, exist_ok=True),
        is_ready=lambda: _answers(settings),
        stop_signal=signal.SIGTERM,
        stop_seconds=10.0,
    )


def _answers(settings: Settings) -> bool:
    try:
        with urlopen(f"http://{settings.minio_endpoint}/minio/health/ready", timeout=2):
            return True
    except (URLError, ConnectionError):
        return False
