"""Tiny real processes for the tests of the supervisor."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from wickstream.operate.supervision.process import ProcessSpec, always_ready

# Says when it is up and when it is told to stop; every line carries its name.
POLITE = """
import signal, sys, time, pathlib
name, story = sys.argv[1], pathlib.Path(sys.argv[2])
def tell(what):
    with story.open("a") as file:
        file.write(f"{name} {what}\\n")
def stop(*_):
    tell("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
tell("started")
while True:
    time.sleep(60)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"

# Run with a folder and this file's: supervises two polite children until SIGTERM.
SUPERVISE = """
import signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.small_children import polite
from wickstream.operate.supervision.pids import locked
from wickstream.stopping import StopFlag
from wickstream.operate.supervision.supervisor import Supervisor
folder, stop = Path(sys.argv[1]), StopFlag()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
layers = [[polite("server", folder)], [polite("job", folder)]]
with locked(folder / "run"), Supervisor(layers, data_dir=folder) as supervisor:
    supervisor.start(stop)
    print("ready", flush=True)
    supervisor.watch(stop)
"""


def supervised(folder: Path) -> "subprocess.Popen[str]":
    """A supervisor in a process of its own, with two polite children, ready."""
    argv = [sys.executable, "-c", SUPERVISE, str(folder), str(Path(__file__).parent)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def await_true(condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Poll until it holds; an AssertionError if it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def story_of(folder: Path) -> list[str]:
    """What the polite children of a folder said, in order."""
    story = folder / "story"
    return story.read_text().splitlines() if story.exists() else []


def python(
    name: str,
    code: str,
    folder: Path,
    *arguments: str,
    is_ready: Callable[[], bool] = always_ready,
    after: tuple[str, ...] = (),
    stop_seconds: float = 5.0,
    final_exit_codes: frozenset[int] = frozenset({75}),
    prepare: Callable[[], None] | None = None,
) -> ProcessSpec:
    """A spec that runs some lines of Python."""
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-I", "-S", "-c", code, *arguments),
        env=dict(os.environ),
        cwd=folder,
        is_ready=is_ready,
        after=after,
        stop_seconds=stop_seconds,
        final_exit_codes=final_exit_codes,
        prepare=prepare,
    )


def polite(name: str, folder: Path, *, after: tuple[str, ...] = ()) -> ProcessSpec:
    """A child that stops when told to, and is ready when it said so."""
    return python(
        name,
        POLITE,
        folder,
        name,
        str(folder / "story"),
        is_ready=lambda: f"{name} started" in story_of(folder),
        after=after,
    )
