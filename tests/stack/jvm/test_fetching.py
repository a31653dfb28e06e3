"""Fetching by the real Ivy, from a registry on loopback that holds Spark's four jars."""

import shutil
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.jvm.jars import Jar, fetch_jars, locked_jars, spark_jars

pytestmark = pytest.mark.stack

SettingsMaker = Callable[..., Settings]


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def maven_path(jar: Jar) -> Path:
    return Path(jar.group.replace(".", "/")) / jar.artifact / jar.version / jar.file_name


@pytest.fixture
def shelf(tmp_path: Path, settings: Settings) -> Path:
    """The registry's folder, filled from the cache."""
    fetch_jars(settings, ["spark"])
    for jar in locked_jars("spark"):
        place = tmp_path / "shelf" / maven_path(jar)
        place.parent.mkdir(parents=True)
        shutil.copy(jar.path(settings), place)
    return tmp_path / "shelf"


@pytest.fixture
def registry(shelf: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(shelf))) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def clean(make_settings: SettingsMaker, tmp_path: Path, registry: str) -> Settings:
    """A machine that has nothing yet, and whose registry is the one on loopback."""
    return make_settings(tmp_path / "data", cache_dir=tmp_path / "cache", maven_repository_url=registry)


@pytest.fixture
def cut_off(clean: Settings) -> Settings:
    """The same machine, later: no registry answers, and there is no Java either."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    return clean.model_copy(update={"maven_repository_url": url})


def test_the_second_time_nothing_is_fetched(clean: Settings, cut_off: Settings) -> None:
    told: list[str] = []
    first = spark_jars(clean, on_progress=told.append)
    assert told
    assert spark_jars(cut_off) == first == sorted(first)
    assert not list((clean.cache_dir / "jars").glob(".fetch-*"))


def test_a_damaged_jar_is_fetched_again_and_only_that_one(clean: Settings) -> None:
    jars = spark_jars(clean)
    jars[0].write_bytes(jars[0].read_bytes()[:-1])
    whole = [jar.stat().st_mtime_ns for jar in jars[1:]]
    spark_jars(clean)
    assert all(jar.path(clean).stat().st_size for jar in locked_jars("spark"))
    assert [jar.stat().st_mtime_ns for jar in jars[1:]] == whole


def test_a_jar_that_is_not_the_locked_one_is_refused(clean: Settings, shelf: Path) -> None:
    victim = locked_jars("spark")[3]
    with (shelf / maven_path(victim)).open("ab") as file:
        file.write(b"something else")
    with pytest.raises(Mistake, match=rf"{victim.file_name} is not the file of jars.lock"):
        spark_jars(clean)
    assert not victim.path(clean).exists()


def test_without_a_registry_one_line_says_what_to_do(cut_off: Settings) -> None:
    with pytest.raises(Mistake, match=r"cannot fetch 4 jars.*MAVEN_REPOSITORY_URL") as caught:
        spark_jars(cut_off)
    assert "\n" not in str(caught.value)


def test_two_at_once_both_get_whole_jars(clean: Settings) -> None:
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(spark_jars, [clean, clean])
    assert one == other
    assert spark_jars(clean) == one
