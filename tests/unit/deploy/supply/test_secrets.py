"""What looks like a secret is found, in the tree and in what was in it once."""

import subprocess
from pathlib import Path

import pytest

from deploy.supply.locks import ROOT
from deploy.supply.secrets import Known, Suspect, history, known, suspects, tree, unknown

# In pieces, so that this file is none of those that are found.
KEY = "AKIA" + "Z7Q2M4X6C8V1B3N5"
LETTER = "-----BEGIN RSA " + "PRIVATE KEY-----"
PASSWORD = 'db_pass' + 'word = "correct-horse-battery"'  # fmt: skip


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """In which a key was committed, and removed by the next commit."""
    git(tmp_path, "init", "--quiet")
    for text in (f"{KEY}\n", "nothing\n"):
        (tmp_path / "settings.py").write_text(text)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "--message", "Say it")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "kind"), [(KEY, "AWS Access Key"), (LETTER, "Private Key"), (PASSWORD, "Secret Keyword")]
)
def test_keys_and_passwords_are_told_with_the_file_they_are_in(text: str, kind: str) -> None:
    assert {(one.path, one.kind) for one in suspects([("a/b.py", f"x = 1\n{text}\n")])} == {("a/b.py", kind)}


def test_a_removed_secret_is_in_the_history_and_not_in_the_tree(repository: Path) -> None:
    assert list(suspects(tree(repository))) == []
    assert [one.value for one in suspects(history(repository))] == [KEY]


def test_only_what_was_looked_at_is_excused_and_only_where_it_was_seen() -> None:
    here, there = Suspect("tests/a.py", "k", "v"), Suspect("src/a.py", "k", "v")
    assert unknown([here, there], [Known("v", "tests/*", "made up")]) == [there]


def test_each_excuse_has_a_reason_and_is_needed() -> None:
    found = list(suspects((path, text) for path, text in tree(ROOT) if not path.endswith("known-secrets.toml")))
    for one in known():
        assert one.reason
        assert any(unknown([suspect], [one]) == [] for suspect in found), f"{one.value} is nowhere any more"
    assert unknown(found, known()) == [], "a secret, or one for deploy/supply/known-secrets.toml"


@pytest.mark.slow
def test_no_secret_was_ever_committed() -> None:
    assert unknown(suspects(history(ROOT)), known()) == []
