"""A real Airflow on the real stack: all DAGs are read, each runs, and a real scheduler runs them by the clock."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import SettingsMaker
from tests.running import wait_until
from tests.whole_stack import WholeStack
from wickstream.config import data_root
from wickstream.operate.airflow.environment import airflow_environment
from wickstream.operate.airflow.parts import airflow_variables
from wickstream.operate.running import of_the_folder
from wickstream.operate.schedule import JOBS

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(1_800)]

COMMAND_S = 600.0
DAGS = [f"{job.name}_dag" for job in JOBS]


@dataclass(frozen=True)
class Airflow:
    """Its command, with some database."""

    program: Path
    variables: dict[str, str]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.program, *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        done = self.run(*arguments, "--output", "json")
        assert done.returncode == 0, done.stderr[-2_000:]
        begin = done.stdout.find("[{")
        return list(json.loads(done.stdout[begin:])) if begin >= 0 else []


@pytest.fixture(scope="module")
def stack(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    """On a made-up market, with an Airflow beside it."""
    stack = WholeStack(make_settings(tmp_path_factory.mktemp("airflow") / "data", airflow=True))
    airflow_environment(stack.settings, lambda _: None)  # the first time it is made, which may take a while
    stack.up("--airflow", "--generate", "symbols=3,rate=30,seed=7")
    yield stack
    stack.down()


@pytest.fixture(scope="module")
def scheduled(stack: WholeStack) -> Airflow:
    """The one that `up` started, from when it has read what it is to run."""
    reached = of_the_folder(stack.settings, data_root())
    environment = airflow_environment(reached, lambda _: None)
    airflow = Airflow(environment / "bin" / "airflow", airflow_variables(reached, environment))

    def has_read() -> bool:
        return sorted(row["dag_id"] for row in airflow.rows("dags", "list")) == sorted(DAGS)

    wait_until(has_read, deadline_s=240, what="every DAG read")
    return airflow


@pytest.fixture(scope="module")
def by_hand(scheduled: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """With a database of its own: a scheduler would take what is begun by hand for its own."""
    home = tmp_path_factory.mktemp("by_hand")
    own = {"AIRFLOW_HOME": str(home), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}"}
    airflow = Airflow(scheduled.program, scheduled.variables | own)
    assert airflow.run("db", "migrate").returncode == 0
    return airflow


def test_every_dag_is_read_without_an_error_and_nothing_else_is_there(by_hand: Airflow) -> None:
    assert by_hand.run("dags", "reserialize").returncode == 0
    assert by_hand.rows("dags", "list-import-errors") == []
    assert sorted(row["dag_id"] for row in by_hand.rows("dags", "list")) == sorted(DAGS)


@pytest.mark.parametrize("dag", DAGS)
def test_every_dag_runs_to_its_end_on_the_stack(by_hand: Airflow, stack: WholeStack, dag: str) -> None:
    pids = {row["name"]: row["pid"] for row in stack.status()["components"]}
    done = by_hand.run("dags", "test", dag)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    assert "state=success" in done.stdout
    after = {row["name"]: row["pid"] for row in stack.status()["components"]}
    assert {name: after[name] for name in ("connect", "stream")} == {name: pids[name] for name in ("connect", "stream")}


def test_the_scheduler_runs_jobs_by_the_clock_and_the_supervisor_leaves_them_to_it(
    scheduled: Airflow, stack: WholeStack
) -> None:
    def is_done() -> bool:
        runs = scheduled.rows("dags", "list-runs", "ticker_monitor_dag", "--state", "success")
        return any(row["run_id"].startswith("scheduled__") for row in runs)

    wait_until(is_done, deadline_s=600, what="a scheduled run")
    assert stack.status()["jobs"] == []


def test_a_task_that_is_killed_is_done_again_to_the_same_end(scheduled: Airflow, stack: WholeStack) -> None:
    triggered = scheduled.rows("dags", "trigger", "lifecycle_cleanup_dag", "--run-id", "killed")
    assert [row["dag_run_id"] for row in triggered] == ["killed"]
    for command in ("lifecycle", "verify"):
        wait_until(partial(is_killed, stack, command), deadline_s=600, what=f"{command} at work")

    def state() -> str:
        runs = scheduled.rows("dags", "list-runs", "lifecycle_cleanup_dag")  # one by the clock may be there too
        return next(str(run["state"]) for run in runs if run["run_id"] == "killed")

    wait_until(lambda: state() in ("success", "failed"), deadline_s=600, what="the run's end")
    assert state() == "success"
    assert tries(scheduled, "lifecycle_cleanup_dag", "killed") == {"lifecycle": 2, "verify": 2}


def is_killed(stack: WholeStack, command: str) -> bool:
    """Tell whether a task of this Airflow was at this command, which it is no more."""
    home = str(stack.data_dir / "airflow")
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cmdline()[-3:] == ["-m", "wickstream", command] and process.environ()["AIRFLOW_HOME"] == home:
                process.kill()
                return True
    return False


def tries(airflow: Airflow, dag: str, run: str) -> dict[str, int]:
    """How often each task was begun."""
    question = "SELECT task_id, try_number FROM task_instance WHERE dag_id = ? AND run_id = ?"
    database = airflow.variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute(question, (dag, run)).fetchall())
