"""An S3 that starts in a second: s3proxy over a folder, with keys that have to be right."""

import os
import signal
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from wickstream.config import Settings
from wickstream.jvm.jars import fetch_jars
from wickstream.jvm.java import find_java
from wickstream.operate.supervision.process import ProcessSpec

ACCESS_KEY, SECRET_KEY = "wickstream-tests", "not-a-secret"
_MEMORY = ("-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def s3_spec(settings: Settings, *, bucket: str) -> ProcessSpec:
    """On the port of `settings`' MinIO address, with the bucket made."""
    (jar,) = fetch_jars(settings, ("s3proxy",))
    folder, java = settings.data_dir / "s3", find_java(settings)
    return ProcessSpec(
        name="s3proxy",
        argv=(str(java.path), *_MEMORY, *java.flags, "-jar", str(jar), "--properties", str(folder / "s3proxy.conf")),
        env=dict(os.environ),
        cwd=folder,
        prepare=lambda: _prepare(settings, folder, bucket),
        is_ready=lambda: _answers(settings),
        stop_signal=signal.SIGTERM,
        stop_seconds=10.0,
    )


def _prepare(settings: Settings, folder: Path, bucket: str) -> None:
    (folder / "data" / bucket).mkdir(parents=True, exist_ok=True)
    (folder / "s3proxy.conf").write_text(f"""\
s3proxy.endpoint=http://{settings.minio_endpoint}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={ACCESS_KEY}
s3proxy.credential={SECRET_KEY}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir={folder / "data"}
""")


def _answers(settings: Settings) -> bool:
    try:
        with urlopen(f"http://{settings.minio_endpoint}/", timeout=2):
            return True
    except HTTPError:
        return True  # it wants a key
    except (URLError, ConnectionError):
        return False
