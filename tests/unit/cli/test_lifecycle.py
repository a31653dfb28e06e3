"""The lifecycle's command: where nothing answers it says so."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wickstream.cli import app


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No PostgreSQL, and a lake that is not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the test run's own stay
    monkeypatch.setattr("wickstream.logs.set_up_logging", lambda *_, **__: None)  # it would write where nobody reads
    monkeypatch.setenv("WICKSTREAM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("POSTGRES_PORT", "1")
    monkeypatch.setenv("COLD_URL", f"file:{tmp_path / 'lake'}")


@pytest.mark.usefixtures("nowhere")
def test_what_could_not_be_done_is_told_with_exit_code_1() -> None:
    result = CliRunner().invoke(app, ["lifecycle"])
    assert result.exit_code == 1
    assert "warm candles in order, all: not done (PostgreSQL:" in result.stdout
    assert "NOT all is done" in result.stdout


@pytest.mark.usefixtures("nowhere")
def test_for_machines_it_is_one_line_of_json() -> None:
    result = CliRunner().invoke(app, ["lifecycle", "--dry-run", "--json"])
    told = json.loads(result.stdout)
    assert (told["passed"], told["dry_run"], told["now"]) == (False, True, 0)
    assert {one["outcome"] for one in told["done"]} == {"not done"}
    progress = [json.loads(line) for line in result.stderr.splitlines()]
    assert {one["step"] for one in progress} == {one["step"] for one in told["done"]}
