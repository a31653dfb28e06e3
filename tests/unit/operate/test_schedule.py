"""The list of jobs, and that everybody who runs it has the same."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
import typer.main
from cronsim import CronSim

from tests.conftest import SettingsMaker
from tests.whole_stack import ROOT
from wickstream.cli import app
from wickstream.operate.schedule import JOBS, Job, Step
from wickstream.operate.stack import build_jobs

STEPS = [step for job in JOBS for step in job.steps]
TIMED = {job.name: job for job in JOBS if job.when is not None}


def test_airflows_list_is_this_one() -> None:
    argv = [sys.executable, "-m", "wickstream", "schedule", "--json"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert (ROOT.parent / "dags" / "jobs.json").read_text() == text, (
        "make it anew: .venv/bin/wickstream schedule --json > dags/jobs.json"
    )
    assert [job["name"] for job in json.loads(text)] == [job.name for job in JOBS]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_is_a_command_that_there_is(step: Step) -> None:
    group: Any = typer.main.get_command(app)
    command = group.commands[step.arguments[0]]
    command.make_context(step.arguments[0], list(step.arguments[1:]))  # raises if it does not take an option


@pytest.mark.parametrize("job", TIMED.values(), ids=lambda job: job.name)
def test_every_job_by_the_clock_has_a_next_time_and_an_end(job: Job) -> None:
    assert job.when
    assert next(CronSim(job.when, datetime(2026, 11, 30, tzinfo=UTC))) > datetime(2026, 11, 30, tzinfo=UTC)
    assert all(step.timeout_s for step in job.steps)


def test_up_runs_what_has_a_time_unless_somebody_else_does(
    make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = make_settings(tmp_path_factory.mktemp("jobs"))
    assert {job.name: job.when for job in build_jobs(settings)} == {name: job.when for name, job in TIMED.items()}
    assert build_jobs(settings.model_copy(update={"schedule": False})) == ()


def test_its_processes_are_commands_that_reach_the_local_servers(
    make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = make_settings(tmp_path_factory.mktemp("jobs"))
    (monitor,) = (job for job in build_jobs(settings) if job.name == "ticker_monitor")
    process = monitor.steps[0].process
    assert process.argv[-3:] == ("-m", "wickstream", "monitor")
    assert process.env["WICKSTREAM_DATA_DIR"] == str(settings.data_dir)
    assert process.env["KAFKA_BOOTSTRAP_SERVERS"] == settings.kafka
