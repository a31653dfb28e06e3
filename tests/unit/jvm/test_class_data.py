import os
import time
from pathlib import Path

from wickstream.config import read_settings
from wickstream.jvm.class_data import archive_flags, archive_path, drop_abandoned
from wickstream.jvm.java import Java

JAVA = Java(Path("/opt/java/bin/java"), (21, 0, 8))


def class_path(folder: Path) -> list[Path]:
    jars = [folder / "a.jar", folder / "b.jar"]
    for jar in jars:
        jar.write_bytes(b"jar")
        os.utime(jar, (1_700_000_000, 1_700_000_000))
    return jars


def test_the_same_java_and_class_path_have_the_same_archive(tmp_path: Path) -> None:
    settings, jars = read_settings(cache_dir=tmp_path), class_path(tmp_path)
    first = archive_path(settings, name="kafka", java=JAVA, class_path=jars)
    assert first == archive_path(settings, name="kafka", java=JAVA, class_path=class_path(tmp_path))
    assert first.parent == tmp_path / "cds"


def test_another_order_file_time_or_java_has_another_archive(tmp_path: Path) -> None:
    settings, jars = read_settings(cache_dir=tmp_path), class_path(tmp_path)
    names = {archive_path(settings, name="kafka", java=JAVA, class_path=jars)}
    names.add(archive_path(settings, name="kafka", java=JAVA, class_path=jars[::-1]))
    names.add(archive_path(settings, name="kafka", java=Java(JAVA.path, (21, 0, 9)), class_path=jars))
    os.utime(jars[0], (1_700_000_001, 1_700_000_001))
    names.add(archive_path(settings, name="kafka", java=JAVA, class_path=jars))
    assert len(names) == 4


def test_an_archive_is_used_only_once_it_is_there(tmp_path: Path) -> None:
    archive = tmp_path / "kafka-1.jsa"
    assert archive_flags(archive) == ()
    archive.touch()
    assert f"-XX:SharedArchiveFile={archive}" in archive_flags(archive)


def test_drafts_that_a_killed_process_left_are_removed_and_young_ones_are_not(tmp_path: Path) -> None:
    for name, age_s in (("old", 7_200), ("young", 60)):
        (tmp_path / f".dump-{name}").mkdir()
        (tmp_path / f".dump-{name}" / "draft.jsa").touch()
        made_s = time.time() - age_s
        os.utime(tmp_path / f".dump-{name}", (made_s, made_s))
    drop_abandoned(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".dump-young"]
