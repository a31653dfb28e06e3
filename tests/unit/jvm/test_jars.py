import platform
import re
from collections import Counter
from pathlib import Path

import pytest

from wickstream.config import read_settings
from wickstream.errors import Mistake
from wickstream.jvm.jars import LOCK_FILE, locked_jars, postgres_server, spark_jars


def test_every_line_of_the_lock_is_server_group_artifact_version_sha256() -> None:
    pattern = re.compile(r"[a-z][a-z0-9-]+ [\w.-]+ [\w.-]+(:[\w-]+)? \d[\w.-]* [0-9a-f]{64}")
    lines = LOCK_FILE.read_text(encoding="ascii").splitlines()
    assert [line for line in lines if not pattern.fullmatch(line)] == []


def test_the_lock_holds_each_file_once() -> None:
    lines = LOCK_FILE.read_text(encoding="ascii").splitlines()
    assert len({line.split()[4] for line in lines}) == len(lines)


def test_the_lock_holds_kafka_spark_one_postgresql_per_platform_and_what_the_tests_need() -> None:
    servers = Counter(line.split()[0] for line in LOCK_FILE.read_text(encoding="ascii").splitlines())
    platforms = ("linux-amd64", "linux-arm64v8", "darwin-arm64v8")
    ours = {"kafka": 36, "spark": 4} | {f"postgres-{platform}": 1 for platform in platforms}
    of_the_tests = {"s3proxy": 1} | {f"postgres-{major}-{at}": 1 for major in (15, 16, 17) for at in platforms}
    assert servers == ours | of_the_tests


def test_sparks_connector_has_the_version_of_pyspark() -> None:
    import pyspark

    versions = {jar.artifact: jar.version for jar in locked_jars("spark")}
    assert versions["spark-sql-kafka-0-10_2.13"] == pyspark.__version__


def test_a_cache_folder_that_cannot_be_written_is_a_mistake_that_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Mistake, match="WICKSTREAM_CACHE_DIR"):
        spark_jars(read_settings(cache_dir=tmp_path / "file" / "cache"))


def test_a_platform_without_postgresql_is_a_mistake_that_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Mistake, match=r"riscv64.*POSTGRES_HOST"):
        postgres_server()
