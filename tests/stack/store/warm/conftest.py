"""The warm tier's tests run on every PostgreSQL that it is meant for."""

import pytest

from tests.conftest import SettingsMaker
from tests.older_postgres import MAJORS, older_postgres_spec
from tests.running import Launcher
from wickstream.config import Settings
from wickstream.operate.servers.local import with_local_addresses

OURS = 18
VERSIONS = (OURS, *(pytest.param(major, marks=pytest.mark.slow) for major in MAJORS))


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda major: f"postgres-{major}")
def postgres(
    request: pytest.FixtureRequest,
    launcher: Launcher,
    make_settings: SettingsMaker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """Settings of a PostgreSQL without tables: the one that the stack brings, which other tests share, or an older."""
    if request.param == OURS:
        shared: Settings = request.getfixturevalue("own_postgres")
        return shared
    settings = make_settings(tmp_path_factory.mktemp(f"postgres-{request.param}"), postgres_db="postgres")
    settings = with_local_addresses(settings)
    launcher.start(older_postgres_spec(settings, request.param))
    return settings
