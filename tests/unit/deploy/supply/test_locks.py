"""Every lock holds each file by its hash, and says nothing of where it comes from."""

import re
from pathlib import Path

import pytest

from deploy.supply.locks import PRODUCT, ROOT, Pin, locks, peer_locks, pins

ALL = [*locks(), *peer_locks()]


def test_every_lock_of_the_repository_is_known() -> None:
    there = {
        file
        for folder in ("dags", "tests", "bench")
        for file in (ROOT / folder).rglob("*.lock")
        if file.name != ".lock"
    }
    assert there | set(ROOT.glob("*.lock")) == set(ALL)
    assert locks()[0] == PRODUCT


@pytest.mark.parametrize("lock", ALL, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_each_package_of_a_lock_is_pinned_with_hashes_and_no_host_is_named(lock: Path) -> None:
    text = lock.read_text("utf-8")
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s+#.*\n?", "", text, flags=re.MULTILINE).strip())
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert len(entries) == len(list(pins(lock)))
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|@ ", text) == []


def test_a_pin_is_read_with_its_extras_and_its_marker(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(
        "a-b[x,y]==1.2.3 ; python_version < '3.12' \\\n    --hash=sha256:00\nc==4 \\\n    --hash=sha256:11\n"
    )
    assert list(pins(lock)) == [Pin("a-b", "1.2.3"), Pin("c", "4")]
