"""PROCESS: the schedule by itself, where the processes are started otherwise than by `up`, as in containers."""

from collections.abc import Callable

from wickstream.config import Settings
from wickstream.operate.airflow.environment import airflow_environment
from wickstream.operate.airflow.parts import API, DAG_PROCESSOR, SCHEDULER, airflow_specs
from wickstream.operate.stack import build_jobs
from wickstream.operate.supervision.pids import locked
from wickstream.operate.supervision.supervisor import Supervisor
from wickstream.stopping import StopFlag, set_by_signals


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Do what the clock says until SIGTERM or SIGINT, by itself or by an Airflow; what was running then is made up for
    at the next start. `say` is told of what takes long.

    Raises:
        Mistake: If the data folder is one that `up`, or another of these, holds and does it already; or if Airflow's
            environment cannot be made.
    """
    stop = StopFlag()
    set_by_signals(stop)
    layers = [airflow_specs(settings, airflow_environment(settings, say))] if settings.airflow else []
    jobs = build_jobs(settings.model_copy(update={"schedule": True}))
    folder = settings.data_dir
    patient = frozenset((API, DAG_PROCESSOR, SCHEDULER))
    with locked(folder / "run"), Supervisor(layers, data_dir=folder, patient=patient, jobs=jobs) as supervisor:
        if supervisor.start(stop):
            supervisor.watch(stop)
