"""Airflow's DAGs: the jobs of jobs.json, which `wickstream schedule --json` wrote. Schedules only: all work is done by
the command `wickstream` (or WICKSTREAM_COMMAND), whose settings are the environment's.

A task is the command itself: it ends with it, and is stopped by SIGTERM when it takes too long or is killed. Every
command may be killed anywhere and run again, so tasks are retried as they are.
"""

import json
import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, chain

JOBS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("jobs.json").read_text("utf-8"))
COMMAND = os.environ.get("WICKSTREAM_COMMAND", "wickstream")
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)


def task_of(step: dict[str, Any]) -> BashOperator:
    """One command; nothing of it is left when the task ends."""
    timeout_s = step["timeout_s"]
    return BashOperator(
        task_id=step["name"],
        bash_command=f"exec {COMMAND} {shlex.join(step['arguments'])}",
        execution_timeout=None if timeout_s is None else timedelta(seconds=timeout_s),
        retries=step["retries"],
        retry_delay=FIRST_PAUSE,
        retry_exponential_backoff=True,
        max_retry_delay=LONGEST_PAUSE,
    )


def dag_of(job: dict[str, Any]) -> DAG:
    """One job; a run that is missed is not made up for, and none begins while another goes on."""
    with DAG(
        dag_id=f"{job['name']}_dag",
        description=job["does"],
        schedule=job["when"],
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["wickstream"],
    ) as dag:
        chain(*map(task_of, job["steps"]))
    return dag


for each in JOBS:
    globals()[f"{each['name']}_dag"] = dag_of(each)
