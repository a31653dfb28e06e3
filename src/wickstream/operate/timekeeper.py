"""PROCESS: the schedule by itself, where the processes are started otherwise than by `up`, as in containers."""

from wickstream.config import Settings
from wickstream.operate.stack import build_jobs
from wickstream.operate.supervision.pids import locked
from wickstream.operate.supervision.supervisor import Supervisor
from wickstream.stopping import StopFlag, set_by_signals


def run(settings: Settings) -> None:
    """Do what the clock says until SIGTERM or SIGINT; what was running then is made up for at the next start.

    Raises:
        Mistake: If the data folder is one that `up` holds, which does it already.
    """
    stop = StopFlag()
    set_by_signals(stop)
    jobs = build_jobs(settings.model_copy(update={"schedule": True, "airflow": False}))
    folder = settings.data_dir
    with locked(folder / "run"), Supervisor((), data_dir=folder, jobs=jobs) as supervisor:
        if supervisor.start(stop):
            supervisor.watch(stop)
