"""A bucket for the lake, and somewhere alerts are told."""

from collections.abc import Iterator

import pytest

from tests.conftest import SettingsMaker
from tests.minio_server import NO_GO, find_go, minio_spec
from tests.running import Launcher
from tests.s3_server import ACCESS_KEY, SECRET_KEY, s3_spec
from tests.sink_server import SinkServer, sink_server
from wickstream.config import Settings

BUILDS_IN_S = 2_000  # MinIO, the first time
S3_SERVERS = ("s3proxy", pytest.param("minio", marks=(pytest.mark.slow, pytest.mark.timeout(BUILDS_IN_S))))


@pytest.fixture(scope="session", params=S3_SERVERS)
def s3(
    request: pytest.FixtureRequest,
    launcher: Launcher,
    make_settings: SettingsMaker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """Settings of a bucket that is there, on one server that speaks S3 and then on another."""
    settings = make_settings(tmp_path_factory.mktemp("s3"))
    keys = {"minio_access_key": ACCESS_KEY, "minio_secret_key": SECRET_KEY, "minio_bucket": "candles-and-more"}
    settings = type(settings)(**settings.model_dump() | keys | {"minio_endpoint": f"127.0.0.1:{settings.port('api')}"})
    if request.param == "s3proxy":
        launcher.start(s3_spec(settings, bucket=settings.minio_bucket))
    elif go := find_go():
        launcher.start(minio_spec(settings, bucket=settings.minio_bucket, go=go))
    else:
        pytest.skip(NO_GO)
    return settings


@pytest.fixture
def server() -> Iterator[SinkServer]:
    """What a sink posts to."""
    with sink_server() as server:
        yield server
