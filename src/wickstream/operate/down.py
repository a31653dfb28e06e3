"""Finding the stack that is meant, and stopping it."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from wickstream.config import Settings
from wickstream.errors import Mistake, StartFailed
from wickstream.operate.supervision.nanny import start_time
from wickstream.operate.supervision.pids import holder_of, locked, sweep

DOWN_SECONDS = 90.0
LOOK_EVERY_S = 0.05


def find_folder(settings: Settings, root: Path) -> Path | None:
    """The named data folder, else the one a stack runs in, else the last that was used; None if there is none.

    Raises:
        Mistake: If stacks run in several.
    """
    if "data_dir" in settings.model_fields_set:
        return settings.data_dir
    used = sorted(root.glob("*/run/state.json"), key=lambda file: file.stat().st_mtime_ns)
    folders = [file.parent.parent for file in used]
    running = [folder for folder in folders if holder_of(folder / "run")]
    if len(running) > 1:
        raise Mistake(f"stacks run in {' and '.join(map(str, running))}: name one with --data-dir")
    return next(iter(running or folders[-1:]), None)


def bring_down(folder: Path, *, say: Callable[[str], None]) -> bool:
    """Stop the folder's stack, or what a killed one left behind, and wait for its end; False if nothing ran.

    Raises:
        StartFailed: If the supervisor does not end in time.
    """
    run = folder / "run"
    if not run.is_dir():
        return False
    holder = holder_of(run)
    if holder is not None:
        say(f"stopping the supervisor (pid {holder}) of {folder}")
        _stop(holder, run)
    with locked(run):
        left = sweep(run)
    if left:
        say(f"stopped what a killed supervisor had left behind: {', '.join(left)}")
    return bool(left) or holder is not None


def _stop(holder: int, run: Path) -> None:
    started = start_time(holder)
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while holder_of(run) is not None or (started and start_time(holder) == started):
        if time.monotonic() > deadline:
            raise StartFailed(f"the supervisor (pid {holder}) has not ended within {DOWN_SECONDS:.0f} s")
        time.sleep(LOOK_EVERY_S)
