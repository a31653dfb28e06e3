"""R1 in its short form: eight of nine processes are killed while trades flow, and every judge is content."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.stack
@pytest.mark.timeout(900)
def test_whatever_is_killed_nothing_is_lost_double_or_wrong(tmp_path: Path, figures: dict[str, Any]) -> None:
    report = tmp_path / "report"
    asked = ("--data-dir", str(tmp_path / "data"), "--report", str(report))
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.prove", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-6_000:]}\n{done.stderr[-3_000:]}"
    found = json.loads(report.with_suffix(".json").read_text("utf-8"))
    figures.update({name: found[name] for name in ("traded", "seconds", "recovery")})
    assert found["lost"] == found["double"] == found["wrong"] == 0
    assert len({each["kill"]["victim"] for each in found["kills"]}) == 8
    assert report.with_suffix(".svg").read_text("utf-8").count("<circle") == 8
