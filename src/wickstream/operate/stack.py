"""Which processes make up the stack, in which order they start and stop."""

import http.client
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

from wickstream.bus.topics import create_topics
from wickstream.config import Settings, child_environment
from wickstream.exchange.local.market.recording import ReplayPlan
from wickstream.operate.airflow.environment import airflow_environment
from wickstream.operate.airflow.parts import airflow_specs
from wickstream.operate.schedule import FIRST_PAUSE_S, JOBS
from wickstream.operate.servers.local import local_server_specs, with_local_addresses
from wickstream.operate.source import MAX_SPEED, Chosen
from wickstream.operate.supervision.job import ANY_EXIT, JobSpec, JobStep
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.operate.supervision.step import Step
from wickstream.operate.supervision.supervisor import Layers
from wickstream.store.warm.migrations import migrate

# Processes by their command; each has its port under a name of its own.
PORT_NAMES = {
    "kafka": "kafka",
    "postgres": "postgres",
    "redis": "redis",
    "exchange": "exchange",
    "connect": "connector",
    "stream": "stream",
    "tickers": "tickers",
    "write": "writer",
    "repair": "repair",
    "serve": "api",
    "airflow-api": "airflow",
}
PROBE_SECONDS = 0.8
ENDED_WELL = frozenset({0, 75})


def ports_of(settings: Settings) -> dict[str, int]:
    """The port of each process, by its name in `status`."""
    return {process: settings.port(name) for process, name in PORT_NAMES.items()}


def build_layers(chosen: Chosen, *, say: Callable[[str], None] = lambda _: None) -> Layers:
    """The stack from the ground up: servers, what prepares them, the local exchange, our processes, Airflow if wanted.

    Raises:
        Mistake: If Airflow's environment cannot be made.
    """
    settings = with_local_addresses(chosen.settings)
    servers = local_server_specs(chosen.settings)
    steps = (
        Step("topics", lambda: make_topics(settings), after=("kafka",)),
        Step("migrations", lambda: migrate(settings), after=("postgres",)),
    )
    exchange = () if chosen.plan is None else (_exchange(settings, chosen.plan),)
    # The stream is there at once: its session comes up while Kafka does, and it waits for the topics itself.
    processes: tuple[ProcessSpec, ...] = (
        _process("stream", settings, path="/metrics"),
        _process("connect", settings, path="/metrics", after=("topics", "exchange")),
        _process("tickers", settings, path="/metrics", after=("topics", "redis")),
        _process("write", settings, path="/metrics", after=("topics", "migrations", "redis")),
        _repair(settings),
        _process("serve", settings, path="/livez", after=("migrations", "redis")),
    )
    if chosen.is_live or (chosen.plan and chosen.plan.demo):
        processes += (_backfill(settings),)
    airflow = airflow_specs(chosen.settings, airflow_environment(chosen.settings, say)) if settings.airflow else ()
    return _without_absent((servers, steps, exchange, processes, airflow))


def build_jobs(settings: Settings) -> tuple[JobSpec, ...]:
    """The schedule as the supervisor runs it; nothing where somebody else does."""
    if settings.airflow or not settings.schedule:
        return ()
    reached = with_local_addresses(settings)
    return tuple(
        JobSpec(
            job.name,
            job.when,
            tuple(JobStep(_job_process(step.arguments, reached), step.timeout_s, step.retries) for step in job.steps),
            first_pause_s=FIRST_PAUSE_S,
        )
        for job in JOBS
        if job.when is not None
    )


def make_topics(settings: Settings) -> None:
    """Those that are not there yet, with as many copies as the settings say."""
    create_topics(settings.kafka, replicas=settings.kafka_replication, min_in_sync=settings.kafka_min_in_sync)


def answers(host: str, port: int, path: str) -> bool:
    """Tell whether a GET there is answered with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def exchange_arguments(plan: ReplayPlan) -> tuple[str, ...]:
    """The options of `wickstream exchange` that give this plan."""
    pace = f"--speed={MAX_SPEED if plan.speed is None else f'{plan.speed:g}'}"
    if plan.generated:
        return (f"--generate={plan.generated.text}", *(() if plan.demo else (pace,)))
    if plan.demo:
        return ()
    flags = [flag for flag, is_set in (("--keep-times", plan.keep_times), ("--loop", plan.loop)) if is_set]
    return (*(f"--replay={file}" for file in plan.files), *flags, pace)


def _exchange(settings: Settings, plan: ReplayPlan) -> ProcessSpec:
    spec = _process("exchange", settings, path="/api/v3/ping")
    return replace(spec, argv=(*spec.argv, *exchange_arguments(plan)))


def _repair(settings: Settings) -> ProcessSpec:
    spec = _process("repair", settings, path="/metrics", after=("topics", "migrations", "exchange"))
    return replace(spec, argv=(*spec.argv, "--watch"))


def _backfill(settings: Settings) -> ProcessSpec:
    spec = _process("backfill", settings, after=("connect",))
    return replace(spec, argv=(*spec.argv, "--cold-started"), is_ready=never_ready, final_exit_codes=ENDED_WELL)


def _process(name: str, settings: Settings, *, path: str = "/", after: tuple[str, ...] = ()) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-P", "-m", "wickstream", name),  # -P: the working folder is no place for modules
        env=child_environment(settings) | {"MALLOC_ARENA_MAX": "2"},
        cwd=settings.data_dir / "work",
        is_ready=_probe(settings, name, path),
        after=after,
    )


def _job_process(arguments: tuple[str, ...], settings: Settings) -> ProcessSpec:
    spec = _process(f"job-{arguments[0]}", settings)
    argv = (*spec.argv[:-1], *arguments)
    return replace(spec, argv=argv, is_ready=never_ready, final_exit_codes=ANY_EXIT)


def never_ready() -> bool:
    """For one-shots: they are done when they have ended."""
    return False


def _probe(settings: Settings, name: str, path: str) -> Callable[[], bool]:
    port = ports_of(settings).get(name)
    host = "127.0.0.1" if settings.listen_host == "0.0.0.0" else settings.listen_host  # noqa: S104 - compared
    return never_ready if port is None else lambda: answers(host, port, path)


def _without_absent(layers: Iterable[Iterable[ProcessSpec | Step]]) -> Layers:
    """Drop needs for servers that are someone else's: they are there, or each process waits for them itself."""
    stack = [list(layer) for layer in layers]
    names = {part.name for layer in stack for part in layer}
    return [[replace(p, after=tuple(n for n in p.after if n in names)) for p in layer] for layer in stack]
