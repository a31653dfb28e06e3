"""Class data made from a running broker, and used by the next."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import Launcher
from wickstream.config import Settings
from wickstream.jvm.class_data import dump_class_data
from wickstream.jvm.java import find_java
from wickstream.operate.servers.kafka import kafka_archive, kafka_spec

pytestmark = pytest.mark.stack

SettingsMaker = Callable[..., Settings]


@pytest.fixture
def own_cache(tmp_path: Path, make_settings: SettingsMaker, settings: Settings) -> Settings:
    """A cache that shares the jars with the real one, and has no archives."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "jars").symlink_to(settings.cache_dir / "jars")
    return make_settings(tmp_path / "data", cache_dir=cache)


def test_an_archive_is_made_of_a_running_broker_and_the_next_one_starts_with_it(
    own_cache: Settings, launcher: Launcher
) -> None:
    target, java = kafka_archive(own_cache), find_java(own_cache)
    broker = launcher.start(kafka_spec(own_cache))
    assert str(target) not in " ".join(broker.spec.argv)
    assert dump_class_data(broker.pid, target, java=java)
    broker.stop()
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert sorted(path.name for path in broker.spec.cwd.iterdir()) == ["logs", "server.properties"]

    warm = kafka_spec(own_cache)
    assert f"-XX:SharedArchiveFile={target}" in warm.argv
    launcher.start(warm).stop()
    # `-Xshare:on` fails where `auto` would silently go without
    class_path = warm.argv[warm.argv.index("-cp") + 1]
    strict = [java.path, *warm.argv[1:5], f"-XX:SharedArchiveFile={target}", "-Xshare:on", "-cp", class_path]
    probe = subprocess.run([*map(str, strict), "kafka.Kafka"], capture_output=True, text=True, timeout=60)
    assert "USAGE" in probe.stdout + probe.stderr


def test_a_process_that_is_gone_gives_no_archive(own_cache: Settings) -> None:
    target = kafka_archive(own_cache)
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    assert not dump_class_data(gone.pid, target, java=find_java(own_cache))
    assert not target.exists()
