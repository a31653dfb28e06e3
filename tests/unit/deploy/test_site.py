"""The documentation as a site: it is built, strictly, and what leads nowhere is told."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def build(folder: Path, site: Path) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "mkdocs", "build", f"--site-dir={site}"]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


def test_every_page_is_built_and_nothing_is_fetched_from_others(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    pages = {str(page.relative_to(tmp_path).parent) for page in tmp_path.rglob("index.html")}
    wanted = {str(file.relative_to(ROOT / "docs").with_suffix("")) for file in (ROOT / "docs").rglob("*.md")}
    assert pages == {".", "contributing", *wanted}
    for page in tmp_path.rglob("*.html"):
        assert not re.search(r"<(script|link|img)[^>]+(src|href)=.https?:", page.read_text(encoding="utf-8")), page


@pytest.mark.parametrize("broken", ["[a page](nowhere.md)", "[a file](../nowhere.py)", "[a place](design.md#nowhere)"])
def test_a_link_that_leads_nowhere_fails(tmp_path: Path, broken: str) -> None:
    own = {"docs", "site", "deploy"}  # the rest is there to be linked to; hooks look for it from where they are
    for entry in ROOT.iterdir():
        if entry.name not in own:
            (tmp_path / entry.name).symlink_to(entry)
    for name in ("docs", "deploy"):
        shutil.copytree(ROOT / name, tmp_path / name)
    assert build(tmp_path, tmp_path / "site").returncode == 0
    with (tmp_path / "docs" / "scale.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{broken}\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
