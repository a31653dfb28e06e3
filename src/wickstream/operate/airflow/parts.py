"""Airflow's three processes, on loopback, with its database in the data folder."""

import http.client
import json
import subprocess
import sys
from pathlib import Path

from wickstream.config import Settings, child_environment
from wickstream.errors import StartFailed
from wickstream.operate.airflow.environment import dags_folder
from wickstream.operate.servers.local import with_local_addresses
from wickstream.operate.servers.secret_files import AIRFLOW_USER, airflow_secrets, write_private
from wickstream.operate.supervision.process import ProcessSpec

API, SCHEDULER, DAG_PROCESSOR = "airflow-api", "airflow-scheduler", "airflow-dags"

_PROBE_SECONDS = 0.8
_MIGRATE_SECONDS = 300.0
_STOP_SECONDS = 15.0


def airflow_specs(settings: Settings, environment: Path) -> tuple[ProcessSpec, ...]:
    """API and page, scheduler (which runs the tasks) and reader of DAGs, from a made environment."""
    program, port = str(environment / "bin" / "airflow"), settings.port("airflow")
    env = airflow_variables(settings, environment)
    folder = settings.data_dir / "airflow"

    def spec(name: str, *arguments: str, part: str | None) -> ProcessSpec:
        return ProcessSpec(
            name=name,
            argv=(program, *arguments),
            env=env,
            cwd=folder,
            prepare=None if part else lambda: _prepare(settings, program, env, folder),
            is_ready=lambda: is_healthy(port, part),
            stop_seconds=_STOP_SECONDS,
            after=(API,) if part else (),
        )

    return (
        spec(API, "api-server", "--host", settings.listen_host, "--port", str(port), "--workers", "1", part=None),
        # Its server of logs would listen beyond loopback; the API reads them from the same disk.
        spec(SCHEDULER, "scheduler", "--skip-serve-logs", part="scheduler"),
        spec(DAG_PROCESSOR, "dag-processor", part="dag_processor"),
    )


def airflow_variables(settings: Settings, environment: Path) -> dict[str, str]:
    """What Airflow's processes see: its own settings, and ours, for the commands that tasks run.

    What the environment says of Airflow itself (`AIRFLOW__…`) wins.
    """
    secrets, folder = airflow_secrets(settings), settings.data_dir / "airflow"
    url = f"http://127.0.0.1:{settings.port('airflow')}"
    sections = {
        "CORE__DAGS_FOLDER": str(dags_folder()),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "4",
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{AIRFLOW_USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_passwords(settings)),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "API__BASE_URL": url,
        "API__SECRET_KEY": secrets.key.get_secret_value(),
        "API_AUTH__JWT_SECRET": secrets.key.get_secret_value(),
        "LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    own = {f"AIRFLOW__{name}": value for name, value in sections.items()}
    ours = child_environment(with_local_addresses(settings))
    path = f"{environment / 'bin'}:{ours.get('PATH', '')}"
    command = f"{sys.executable} -P -m wickstream"
    return own | ours | {"AIRFLOW_HOME": str(folder), "PATH": path, "WICKSTREAM_COMMAND": command}


def is_healthy(port: int, part: str | None) -> bool:
    """Tell whether the API answers, and says of that part that it is at work."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/api/v2/monitor/health")
        answer = connection.getresponse()
        found = json.loads(answer.read())
        return answer.status == 200 and (part is None or found[part]["status"] == "healthy")
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False
    finally:
        connection.close()


def _prepare(settings: Settings, program: str, env: dict[str, str], folder: Path) -> None:
    file = _passwords(settings)
    file.unlink(missing_ok=True)
    write_private(file, json.dumps({AIRFLOW_USER: airflow_secrets(settings).password.get_secret_value()}))
    done = subprocess.run(
        [program, "db", "migrate"], env=env, cwd=folder, capture_output=True, text=True, timeout=_MIGRATE_SECONDS
    )
    if done.returncode:
        raise StartFailed(f"Airflow's database could not be made: {done.stderr[-500:]}")


def _passwords(settings: Settings) -> Path:
    return settings.data_dir / "secrets" / "airflow_passwords.json"
