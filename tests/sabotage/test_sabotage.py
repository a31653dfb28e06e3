"""Each planted bug turns its judge red, by a test that fails and not by one that cannot run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sabotage.bugs import BUGS

ROOT = Path(__file__).parents[2]
FAILED = 1  # pytest's word for tests that ran and failed


@pytest.mark.slow
@pytest.mark.stack
@pytest.mark.spark
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_turns_its_judge_red(name: str) -> None:
    asked = ("-p", "tests.sabotage.plant", "--plant", name, "-p", "no:cacheprovider", "-q", "-x", BUGS[name].judge)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == FAILED, done.stdout[-3_000:] + done.stderr[-3_000:]
    assert re.search(r"^\d+ failed", done.stdout.splitlines()[-1]), done.stdout[-3_000:]


def test_there_are_fifteen_bugs_or_more_each_with_a_judge_that_is_there() -> None:
    assert len(BUGS) >= 15
    for bug in BUGS.values():
        file, _, test = bug.judge.partition("::")
        assert f"def {test}" in (ROOT / file).read_text("utf-8")
