"""PostgreSQL refuses root: the three ways around it, and the ordinary user that needs none."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running import Launcher
from wickstream.config import Settings
from wickstream.operate.servers import postgres
from wickstream.operate.servers.postgres import postgres_programs, postgres_spec
from wickstream.operate.servers.postgres_user import RunAs, choose, way_into_closed_folders
from wickstream.operate.servers.unprivileged import WAYS

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root on Linux has this trouble"),
]

SettingsMaker = Callable[..., Settings]

# It becomes an ordinary user after its imports: that user may not be able to read root's Python.
AS_ORDINARY_USER = """
import encodings.ascii, encodings.idna, os, pathlib, subprocess, sys, time
from wickstream.config import read_settings
from wickstream.operate.servers import postgres
from wickstream.operate.servers.postgres import postgres_spec
folder, port_base, user = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
os.setgroups([])
os.setgid(user)
os.setuid(user)
spec = postgres_spec(read_settings(data_dir=folder / "data", cache_dir=folder / "cache", port_base=port_base))
spec.prepare()
server = subprocess.Popen(spec.argv, env=spec.env, cwd=spec.cwd)
deadline = time.monotonic() + 30
while not spec.is_ready():
    assert server.poll() is None and time.monotonic() < deadline
    time.sleep(0.05)
server.send_signal(spec.stop_signal)
sys.exit(server.wait(10))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can pass, unlike those pytest makes."""
    folder = Path(tempfile.mkdtemp(prefix="wickstream-open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def open_settings(open_folder: Path, make_settings: SettingsMaker, settings: Settings) -> Settings:
    """Settings whose data and cache are open to all; the cache holds only PostgreSQL."""
    programs = postgres_programs(settings)
    shutil.copytree(programs, open_folder / "cache" / programs.relative_to(settings.cache_dir))
    return make_settings(open_folder / "data", cache_dir=open_folder / "cache")


def test_in_open_folders_it_runs_as_nobody(open_settings: Settings, launcher: Launcher) -> None:
    spec = postgres_spec(open_settings)
    assert RunAs.NOBODY.value in spec.argv
    launcher.start(spec).stop()
    launcher.start(spec).stop()


@pytest.mark.parametrize("way", [RunAs.NAMESPACE, RunAs.CAPABLE])
def test_in_private_folders_it_runs_all_the_same(
    way: RunAs, tmp_path: Path, make_settings: SettingsMaker, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(tmp_path / "private" / "data")
    (tmp_path / "private").mkdir(mode=0o700)
    program = postgres_programs(settings) / "bin" / "postgres"
    if subprocess.run(way.command(str(program), "--version"), capture_output=True).returncode:
        pytest.skip(f"this machine forbids {way}")
    monkeypatch.setattr(postgres, "choose", lambda *_: way)
    spec = postgres_spec(settings)
    launcher.start(spec).stop()
    launcher.start(spec).stop()


def test_a_folder_used_one_way_can_be_used_another(
    open_settings: Settings, open_folder: Path, launcher: Launcher
) -> None:
    if way_into_closed_folders(Path("/bin/true")) is None:
        pytest.skip("this machine forbids all but nobody")
    launcher.start(postgres_spec(open_settings)).stop()
    open_folder.chmod(0o700)
    spec = postgres_spec(open_settings)
    assert RunAs.NOBODY.value not in spec.argv
    launcher.start(spec).stop()


def test_the_choice_prefers_what_needs_no_privilege(open_settings: Settings) -> None:
    (open_settings.data_dir / "postgres").mkdir(parents=True)
    program = postgres_programs(open_settings) / "bin" / "postgres"
    assert choose(program, open_settings.data_dir / "postgres" / "data") is RunAs.NOBODY
    assert {way.value for way in RunAs if way is not RunAs.SELF} == set(WAYS)


def test_an_ordinary_user_needs_no_root(open_settings: Settings, open_folder: Path) -> None:
    user = pwd.getpwnam("daemon").pw_uid
    for path in (open_folder, *open_folder.rglob("*")):
        os.chown(path, user, user)
    command = [sys.executable, "-c", AS_ORDINARY_USER, str(open_folder), str(open_settings.port_base), str(user)]
    done = subprocess.run(command, cwd=open_folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (open_folder / "data" / "postgres" / "data" / "PG_VERSION").stat().st_uid == user
