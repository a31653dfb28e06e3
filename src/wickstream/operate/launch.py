"""From a chosen source to a running stack, and to nothing left of it."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wickstream.config import Settings
from wickstream.jvm.class_data import dump_class_data
from wickstream.jvm.java import find_java
from wickstream.logs import set_up_logging
from wickstream.memory import give_back
from wickstream.operate.airflow.parts import API, DAG_PROCESSOR, SCHEDULER
from wickstream.operate.ports import check_ports
from wickstream.operate.servers.kafka import kafka_archive
from wickstream.operate.servers.local import fetch_servers
from wickstream.operate.source import Chosen, check_folder, claim_folder
from wickstream.operate.stack import build_jobs, build_layers, ports_of
from wickstream.operate.supervision.child import State
from wickstream.operate.supervision.pids import locked, sweep
from wickstream.operate.supervision.supervisor import Supervisor
from wickstream.stopping import StopFlag, set_by_signals

Say = Callable[[str], None]


def run_stack(chosen: Chosen, *, say: Say, on_ready: Callable[[], None], stop: StopFlag) -> None:
    """Run the stack until `stop` is set; everything is stopped in order when this returns or raises.

    From the first process on, SIGINT, SIGTERM and SIGHUP set `stop`.

    Raises:
        Mistake: If something is for the operator to mend; nothing was started, or all of it is stopped again.
        StartFailed: If a process does not come up.
    """
    check_folder(chosen)
    settings = chosen.settings
    with locked(settings.data_dir / "run"):
        for name in sweep(settings.data_dir / "run"):
            say(f"stopped {name}, left behind by a killed supervisor")
        check_ports(settings, with_exchange=not chosen.is_live)
        fetch_servers(settings, say)
        claim_folder(chosen)
        with _log_beside_the_terminal(settings):
            _supervise(chosen, say=say, on_ready=on_ready, stop=stop)


@contextmanager
def _log_beside_the_terminal(settings: Settings) -> Iterator[None]:
    """Into the supervisor's log file: its events would get mixed up with what the user is told."""
    folder = settings.data_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "supervisor.log").open("a", buffering=1) as out:
        set_up_logging(settings.log_level, settings.log_format, out=out)
        yield


def _supervise(chosen: Chosen, *, say: Say, on_ready: Callable[[], None], stop: StopFlag) -> None:
    give_back()
    began_s = time.monotonic()

    def tell(name: str, state: State) -> None:
        if state in (State.READY, State.BACKOFF, State.FAILED) and not stop.is_set():
            say(f"{time.monotonic() - began_s:5.1f} s  {name} {state}")

    # A second Ctrl-C changes nothing: the order of the stop is kept.
    set_by_signals(stop, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    settings = chosen.settings
    # A folder that was ever live waits for the exchange, however long that takes.
    patient = frozenset({"connect", "backfill"}) if chosen.is_live else frozenset({"backfill"})
    patient |= {API, SCHEDULER, DAG_PROCESSOR}  # which take longer than all else, and nothing waits for them
    supervisor = Supervisor(
        build_layers(chosen, say=say),
        data_dir=settings.data_dir,
        ports=ports_of(settings),
        on_change=tell,
        patient=patient,
        jobs=build_jobs(settings),
    )
    with supervisor:
        if supervisor.start(stop):
            on_ready()
            _keep_class_data(chosen, supervisor.pid_of("kafka"))
            supervisor.watch(stop)
        say("stopping")


def _keep_class_data(chosen: Chosen, kafka: int | None) -> None:
    """Halve the next start of the broker; the stream job does the same for its own JVM."""
    if kafka is None:
        return

    def dump() -> None:
        dump_class_data(kafka, kafka_archive(chosen.settings), java=find_java(chosen.settings))

    threading.Thread(target=dump, name="class-data", daemon=True).start()
