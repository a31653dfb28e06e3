"""compose.yaml and the Dockerfile, looked at without Docker: linters, and what we hold every service to."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from wickstream.config import PORT_OFFSETS

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("wickstream")}
LASTING = {name: service for name, service in SERVICES.items() if service.get("restart") != "no"}
CORE = frozenset(name for name, service in LASTING.items() if "profiles" not in service)
WITHOUT_PORT = "scheduler"
MOST_MEMORY_MB = 4_500


def program(name: str) -> str:
    found = shutil.which(name, path=Path(sys.executable).parent)
    assert found, f"{name} is in no environment: make env"
    return found


def test_the_dockerfile_is_as_hadolint_wants_it() -> None:
    done = subprocess.run([program("hadolint"), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_the_compose_file_is_of_the_compose_specification() -> None:
    argv = [program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_bounded_and_nobody(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":[\w.-]*\d[\w.-]*$", service["image"]), "a version"
    assert service["user"].split(":")[0] not in ("0", "root")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_looked_after_and_comes_back(name: str) -> None:
    # The scheduler ends, and stays so, where Airflow does its work.
    assert LASTING[name]["restart"] == ("on-failure" if name == WITHOUT_PORT else "unless-stopped")
    assert name == WITHOUT_PORT or LASTING[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", OURS)
def test_ours_write_nowhere_but_into_volumes(name: str) -> None:
    assert OURS[name]["read_only"] is True
    assert OURS[name]["user"] == "10001:10001"


@pytest.mark.parametrize(
    ("name", "port"),
    [("connector", "connector"), ("stream", "stream"), ("tickers", "tickers"), ("writer", "writer"),
     ("repair", "repair"), ("api", "api"), ("exchange", "exchange-api"), ("airflow", "airflow")],
)  # fmt: skip
def test_a_process_is_asked_how_it_is_where_it_listens(name: str, port: str) -> None:
    assert f"127.0.0.1:{8_000 + PORT_OFFSETS[port]}/" in SERVICES[name]["healthcheck"]["test"][-1]


def test_no_secret_is_in_the_file() -> None:
    for service in SERVICES.values():
        named = {key for key in service.get("environment", {}) if re.search("PASSWORD|SECRET|TOKEN", key)}
        assert {key for key in named if not key.endswith(("_FILE", "_DIR"))} == set()


@pytest.mark.parametrize(
    "services",
    [
        CORE | {"prometheus", "grafana", "exchange"},
        CORE - {WITHOUT_PORT} | {"airflow"},
    ],
    ids=["monitoring and replay", "airflow"],
)
def test_it_fits_into_the_memory_that_is_promised(services: frozenset[str]) -> None:
    assert sum(int(SERVICES[name]["mem_limit"].removesuffix("m")) for name in services) <= MOST_MEMORY_MB


def test_every_volume_is_named() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert {volume for volume in used if not volume.startswith("./")} == set(COMPOSE["volumes"])
