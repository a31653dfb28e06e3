"""The PostgreSQL versions before the one that the stack brings: they are other people's servers."""

import shutil
import signal
import subprocess
from pathlib import Path

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.jvm.jars import fetch_jars, locked_jars, postgres_server
from wickstream.operate.servers.archives import unpack_txz_of_jar
from wickstream.operate.servers.local import local_secrets
from wickstream.operate.servers.postgres_user import RunAs, choose, hand_over
from wickstream.operate.servers.secret_files import write_private
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.store.warm.database import connect

MAJORS = (15, 16, 17)
_ENVIRONMENT = {"LANG": "C.UTF-8"}
_OPTIONS = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC", "fsync=off")


def older_postgres_spec(settings: Settings, major: int) -> ProcessSpec:
    """At the address of `settings`, where its database is the one that is there anyway."""
    programs = _programs(settings, major) / "bin"
    data = settings.data_dir / "postgres" / "data"
    data.parent.mkdir(parents=True)
    run_as = choose(programs / "postgres", data)
    options = [part for option in (*_OPTIONS, f"port={settings.postgres_port}") for part in ("-c", option)]
    return ProcessSpec(
        name=f"postgres-{major}",
        argv=run_as.command(str(programs / "postgres"), "-D", str(data), *options),
        env=_ENVIRONMENT,
        cwd=data.parent,
        prepare=lambda: _init(settings, programs / "initdb", data, run_as),
        is_ready=lambda: _answers(settings),
        stop_signal=signal.SIGINT,
        stop_seconds=15.0,
    )


def _programs(settings: Settings, major: int) -> Path:
    server = f"postgres-{major}-{postgres_server().removeprefix('postgres-')}"
    folder = settings.cache_dir / "postgres" / f"{locked_jars(server)[0].version}-{server}"
    if not folder.exists():
        (jar,) = fetch_jars(settings, (server,))
        unpack_txz_of_jar(jar, folder)
    return folder


def _init(settings: Settings, initdb: Path, data: Path, run_as: RunAs) -> None:
    hand_over(data.parent, run_as)
    password = data.with_name(".password")
    write_private(password, local_secrets(settings).postgres_password.get_secret_value())
    shutil.chown(password, *run_as.owner)
    command = run_as.command(str(initdb), "-D", str(data), "-U", settings.postgres_user, "-N", "-E", "UTF8")
    subprocess.run(
        (*command, "--locale=C", "--auth=scram-sha-256", f"--pwfile={password}"),
        env=_ENVIRONMENT, cwd=data.parent, capture_output=True, check=True,
    )  # fmt: skip


def _answers(settings: Settings) -> bool:
    try:
        connect(settings).close()
    except StoreBusy:
        return False
    return True
