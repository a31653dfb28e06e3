"""The commands for the whole stack: up, down, status, doctor, schedule."""

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wickstream.cli import show
from wickstream.cli.options import (
    DataDir,
    Generate,
    Json,
    KeepTimes,
    Loop,
    MoreFiles,
    PortBase,
    Replay,
    Speed,
    Symbols,
    files_of,
    settings_of,
)

if TYPE_CHECKING:
    from wickstream.operate.source import Chosen, Wish

Airflow = Annotated[
    bool, typer.Option("--airflow", help="With an Airflow on this machine, which does what the clock says instead.")
]
Detach = Annotated[bool, typer.Option("--detach", help="Return when the stack is ready; it goes on by itself.")]
RunIt = Annotated[bool, typer.Option("--run", help="Do it, until Ctrl-C, where `up` does not.")]
ReportFd = Annotated[int | None, typer.Option("--report-fd", hidden=True)]

EXIT_NOT_RUNNING = 3
EXIT_INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, status, doctor, schedule):
        app.command(rich_help_panel="The whole stack")(command)


def up(
    more: MoreFiles = None,
    *,
    detach: Detach = False,
    airflow: Airflow = False,
    replay: Replay = None,
    keep_times: KeepTimes = False,
    loop: Loop = False,
    speed: Speed = None,
    generate: Generate = None,
    symbols: Symbols = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
    report_fd: ReportFd = None,
) -> None:
    """Start everything on this machine, and stop it again on Ctrl-C; data stays."""
    from wickstream.config import data_root
    from wickstream.operate.source import Wish, check_folder, choose

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until there is something to stop in order
    settings = settings_of(data_dir=data_dir, port_base=port_base, airflow=airflow or None)
    named = settings_of(ticker_symbols=symbols).ticker_symbols if symbols else ()
    wish = Wish(files_of(replay, more), keep_times=keep_times, loop=loop, speed=speed, symbols=named, generate=generate)
    chosen = choose(settings, wish, root=data_root())
    check_folder(chosen)
    if detach:
        _detach(chosen, wish, as_json=as_json)
    else:
        _stay(chosen, as_json=as_json, report_fd=report_fd)


def down(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Stop a stack that runs in the background or another terminal, and wait for its end."""
    from wickstream.config import data_root
    from wickstream.operate.down import bring_down, find_folder

    folder = find_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    was_running = folder is not None and bring_down(folder, say=show.silent if as_json else show.say)
    show.outcome({"was_running": was_running, "data_dir": folder and str(folder)}, as_json=as_json)


def status(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """What runs, how it is, and what it takes. Exit code 3 if nothing runs."""
    from wickstream.config import data_root
    from wickstream.operate.down import find_folder
    from wickstream.operate.health import status_of

    folder = find_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    found = status_of(folder) if folder else None
    show.status(found, as_json=as_json)
    if found is None or not found.is_running:
        raise typer.Exit(EXIT_NOT_RUNNING)


def doctor(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """What is missing or wrong on this machine, and how to mend it. Exit code 1 if something must be mended."""
    from wickstream.config import data_root
    from wickstream.operate.doctor import Verdict, examine
    from wickstream.operate.down import find_folder

    settings = settings_of(data_dir=data_dir, port_base=port_base)
    folder = find_folder(settings, data_root()) or data_root()
    findings = examine(settings.model_copy(update={"data_dir": folder}))
    show.findings(findings, as_json=as_json)
    if any(finding.verdict is Verdict.FAIL for finding in findings):
        raise typer.Exit(1)


def schedule(
    *,
    run: RunIt = False,
    airflow: Airflow = False,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """What is done by the clock: by `up` itself, by `up --airflow`, or by an Airflow of yours with the files in dags/.

    When each was done last, and how it ended, is in `wickstream status`. Where the processes are started otherwise,
    `schedule --run` is the one that does it, or `schedule --run --airflow`.
    """
    from wickstream.operate.schedule import JOBS

    if not run:
        show.schedule(JOBS, as_json=as_json)
        return
    from wickstream.logs import set_up_logging
    from wickstream.operate import timekeeper

    log_format = "json" if as_json else None
    settings = settings_of(data_dir=data_dir, port_base=port_base, airflow=airflow or None, log_format=log_format)
    set_up_logging(settings.log_level, settings.log_format)
    timekeeper.run(settings, show.silent if as_json else show.say)


def _stay(chosen: "Chosen", *, as_json: bool, report_fd: int | None) -> None:
    from wickstream.cli.live import LiveLine
    from wickstream.operate.detach import READY, report_to
    from wickstream.operate.launch import run_stack
    from wickstream.stopping import StopFlag

    settings = chosen.settings
    say = show.silent if as_json else show.say
    report = report_to(report_fd) if report_fd is not None else show.silent
    stop = StopFlag()
    live = LiveLine(settings, sys.stdout)

    def tell(text: str) -> None:
        if stop.is_set():
            live.stop()  # before its line gets mixed up with what follows
        live.clear()
        report(text)
        say(text)

    def on_ready() -> None:
        report(READY)
        show.ready(chosen, as_json=as_json)
        if report_fd is None and not as_json:
            live.start()

    try:
        run_stack(chosen, say=tell, on_ready=on_ready, stop=stop)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    finally:
        live.stop()


def _detach(chosen: "Chosen", wish: "Wish", *, as_json: bool) -> None:
    from wickstream.config import child_environment
    from wickstream.operate.detach import start_detached
    from wickstream.operate.stack import exchange_arguments

    settings = chosen.settings
    argv = [sys.executable, "-m", "wickstream", "up", f"--data-dir={settings.data_dir}"]
    argv += ["--symbols=" + ",".join(settings.ticker_symbols)]
    argv += exchange_arguments(chosen.plan) if chosen.plan else ()
    try:
        start_detached(
            argv,
            env=child_environment(settings),
            data_dir=settings.data_dir,
            say=show.silent if as_json else show.say,
        )
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    show.ready(chosen, as_json=as_json, is_detached=True)
