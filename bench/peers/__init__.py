"""Other people's software, each in an environment of its own, from a lock."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def peer_python(name: str) -> Path:
    """The interpreter of a peer's environment, made anew when its lock has changed."""
    folder = Path(__file__).parent / name
    environment, lock = folder / ".venv", folder / "requirements.lock"
    made = environment / ".made"
    if not made.exists() or made.read_bytes() != lock.read_bytes():
        print(f"making the environment of {name} …", file=sys.stderr)
        _uv("venv", "--clear", f"--python={sys.executable}", str(environment))
        _uv("pip", "sync", "--require-hashes", f"--python={environment}", str(lock))
        shutil.copyfile(lock, made)
    return environment / "bin" / "python"


def _uv(*arguments: str) -> None:
    local = ROOT / ".uv/bin/uv"
    uv = str(local) if local.exists() else "uv"
    subprocess.run([uv, *arguments, "--quiet"], check=True, env=os.environ | {"UV_SYSTEM_CERTS": "1"})
