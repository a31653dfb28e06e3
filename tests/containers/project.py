"""The compose project, run as a user runs it, on images that stand in for those of registries."""

import json
import os
import shutil
import signal
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.containers.daemon import Docker
from tests.containers.standins import ROOT

CAPTURES = "/opt/venv/lib/python3.11/site-packages/wickstream/exchange/local/captures"
REPLAY = f"""
services:
  exchange:
    command:
      - exchange
      - --replay={CAPTURES}/spot_btcusdt_2024-08-08.frames.gz
      - --replay={CAPTURES}/spot_ethusdt_2024-08-08.frames.gz
      - --keep-times
      - --speed=max
"""
PORTS = ("API", "MINIO_CONSOLE", "AIRFLOW", "PROMETHEUS")
ENVIRONMENT = {
    "COMPOSE_PROFILES": "replay,airflow",
    "EXCHANGE_WS_URL": "ws://exchange:8005",
    "EXCHANGE_REST_URL": "http://exchange:8005",
    "EXCHANGE_TRADES_URL": "http://exchange:8013",
    "EXCHANGE_ARCHIVE_URL": "http://exchange:8014",
    "TICKER_SYMBOLS": "BTCUSDT,ETHUSDT",
    "WICKSTREAM_SOURCE": "replay:000000000000",
}


class Project:
    """One `docker-compose` project in a folder of its own."""

    def __init__(self, docker: Docker, folder: Path, port_base: int) -> None:
        self._docker = docker
        self.port = {name: port_base + number for number, name in enumerate(PORTS)}
        example = (ROOT / ".env.example").read_text(encoding="utf-8")
        own = ENVIRONMENT | {f"{name}_PORT": str(port) for name, port in self.port.items()}
        lines = "".join(f"{name}={value}\n" for name, value in own.items())
        (folder / ".env").write_text(f"{example}\n{lines}", encoding="utf-8")
        (folder / "replay.yaml").write_text(REPLAY, encoding="utf-8")
        shutil.copytree(ROOT / "deploy", folder / "deploy")  # what is mounted from beside compose.yaml
        files = (ROOT / "compose.yaml", ROOT / "tests/containers/standins.yaml", folder / "replay.yaml")
        self._argv = [
            "docker-compose",
            f"--project-name=wickstream{uuid.uuid4().hex[:8]}",
            f"--project-directory={folder}",
        ]
        self._argv += [f"--file={file}" for file in files]
        self._folder = folder
        self._own = own

    def compose(self, *argv: str) -> str:
        """A command of docker-compose on this project."""
        return self._docker.run(*self._argv, *argv, cwd=self._folder, environment=self._own)

    def inspect(self, service: str) -> Any:
        """What Docker says of its container."""
        container = self.compose("ps", "-q", service)
        return json.loads(self._docker.run("docker", "inspect", container))[0]

    def health(self, service: str) -> str:
        """healthy, unhealthy or starting; of what ended, how it ended."""
        state = self.inspect(service)["State"]
        return state["Health"]["Status"] if "Health" in state else f"exited {state['ExitCode']}"

    def kill(self, service: str) -> None:
        """`kill -9` of the process in it, as a fault does: `docker kill` is the operator's wish, and not restarted."""
        listed = self._docker.run("docker", "top", self.inspect(service)["Id"], "-eo", "pid,ppid,comm")
        rows: Sequence[Sequence[str]] = [line.split(None, 2) for line in listed.splitlines()[1:]]
        init = next(pid for pid, _, comm in rows if comm in ("docker-init", "tini"))
        os.kill(next(int(pid) for pid, parent, _ in rows if parent == init), signal.SIGKILL)

    def ask(self, path: str, *, of: str = "API", token: str = "", body: object = None) -> Any:
        """The answer of the API, of AIRFLOW's or of PROMETHEUS'; None: it gives none now."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            with urlopen(Request(f"http://127.0.0.1:{self.port[of]}{path}", data, headers), timeout=10) as answer:
                return json.load(answer)
        except (URLError, OSError):
            return None


@contextmanager
def up(project: Project) -> Iterator[Project]:
    """Started; and at the end nothing of it is left, no volume either."""
    try:
        project.compose("up", "-d", "--no-build")
        yield project
    finally:
        project.compose("down", "--volumes", "--timeout=5")
