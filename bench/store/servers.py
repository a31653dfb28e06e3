"""Servers for one benchmark, in a folder of its own."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from tests.minio_server import find_go, minio_spec
from tests.running import Launcher
from tests.s3_server import ACCESS_KEY, SECRET_KEY, s3_spec
from wickstream.config import Settings
from wickstream.operate.servers.local import with_local_addresses
from wickstream.operate.supervision.process import ProcessSpec

PORT_BASE = 21_200
BUCKET = "bench"


@contextmanager
def running(*specs: Callable[[Settings], ProcessSpec]) -> Iterator[Settings]:
    """Up, and nothing in them."""
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder:
        settings = Settings(
            data_dir=Path(folder) / "data",
            port_base=PORT_BASE,
            postgres_host=None,
            redis_host=None,
            ticker_symbols=("BTCUSDT",),
            source="replay:0123456789ab",
            minio_endpoint=f"127.0.0.1:{PORT_BASE + 90}",
            minio_access_key=ACCESS_KEY,
            minio_secret_key=SecretStr(SECRET_KEY),
            minio_bucket=BUCKET,
        )
        launcher = Launcher()
        try:
            for spec in specs:
                launcher.start(spec(settings))
            yield with_local_addresses(settings)
        finally:
            launcher.close()


def bucket_spec(settings: Settings) -> ProcessSpec:
    """MinIO; where there is no Go to build it with, s3proxy."""
    go = find_go()
    return minio_spec(settings, bucket=BUCKET, go=go) if go else s3_spec(settings, bucket=BUCKET)
