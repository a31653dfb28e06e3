"""How Airflow is started; that it works is tested in tests/stack."""

import json
from pathlib import Path

import pytest

from tests.conftest import SettingsMaker
from wickstream.config import Settings
from wickstream.operate.airflow.environment import dags_folder
from wickstream.operate.airflow.parts import airflow_specs, airflow_variables
from wickstream.operate.schedule import JOBS
from wickstream.operate.servers.secret_files import airflow_secrets
from wickstream.operate.stack import build_jobs


@pytest.fixture
def settings(make_settings: SettingsMaker, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, airflow=True)


def test_it_listens_on_loopback_and_its_secrets_are_in_no_argument(settings: Settings, tmp_path: Path) -> None:
    specs = airflow_specs(settings, tmp_path)
    secrets = airflow_secrets(settings)
    arguments = [argument for spec in specs for argument in spec.argv]
    assert arguments[arguments.index("--host") + 1] == "127.0.0.1"
    assert arguments[arguments.index("--port") + 1] == str(settings.port_base + 20)
    assert "--skip-serve-logs" in arguments
    for secret in (secrets.password, secrets.key):
        assert len(secret.get_secret_value()) >= 32
        assert not any(secret.get_secret_value() in argument for argument in arguments)


def test_its_secrets_are_kept_and_readable_by_their_owner_only(settings: Settings) -> None:
    assert airflow_secrets(settings) == airflow_secrets(settings)
    for name in ("airflow_password", "airflow_key"):
        assert (settings.data_dir / "secrets" / name).stat().st_mode & 0o777 == 0o600


def test_tasks_see_the_settings_of_the_stack_with_the_local_servers_and_the_command(
    settings: Settings, tmp_path: Path
) -> None:
    seen = airflow_variables(settings, tmp_path)
    assert seen["WICKSTREAM_COMMAND"].endswith("-m wickstream")
    assert seen["WICKSTREAM_DATA_DIR"] == str(settings.data_dir)
    assert seen["KAFKA_BOOTSTRAP_SERVERS"] == settings.kafka
    assert seen["POSTGRES_HOST"] == "127.0.0.1"
    assert seen["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"


def test_where_airflow_runs_the_supervisor_leaves_the_jobs_to_it(settings: Settings) -> None:
    assert build_jobs(settings) == ()


def test_dags_their_jobs_and_a_lock_that_names_no_host_are_found() -> None:
    folder = dags_folder()
    assert (folder / "wickstream_dags.py").is_file()
    assert [job["name"] for job in json.loads((folder / "jobs.json").read_text())] == [job.name for job in JOBS]
    lock = (folder / "requirements.lock").read_text()
    assert "apache-airflow==3.3." in lock
    assert "://" not in lock
