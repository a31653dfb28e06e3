"""A lifecycle that is killed as a process, whatever it is about to do, and run again, comes to the same end."""

import multiprocessing
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from tests.aged_stores import copied, state_of
from tests.running import wait_until
from wickstream.config import Settings
from wickstream.operate.lifecycle.job import AtWork, run
from wickstream.store.cold import lake

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1_800)]

SEED = 8

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def start(settings: Settings) -> ForkServerProcess:
    process = _context.Process(target=_run, args=(settings,), daemon=True)
    process.start()
    return process


def _run(settings: Settings) -> None:
    """One that was killed may be held for alive until what it asked PostgreSQL for is done."""
    vars(lake)["UNUSED_HOURS"] = 0
    wait_until(partial(_is_done, settings), deadline_s=120, what="the right to be given back")


def _is_done(settings: Settings) -> bool:
    try:
        found = run(settings, dry_run=False, progress=lambda *_: None, tell=lambda _: None)
    except AtWork:
        return False
    assert found.passed, found
    return True


def seconds_of_one(settings: Settings) -> float:
    began_s = time.monotonic()
    ends(settings)
    return time.monotonic() - began_s


def ends(settings: Settings) -> None:
    process = start(settings)
    process.join(300)
    assert process.exitcode == 0


@pytest.mark.parametrize("kills", [pytest.param(3), pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_any_moments_and_run_again_it_comes_to_the_same_end(
    template: Settings, postgres: Settings, tmp_path: Path, figures: dict[str, Any], kills: int
) -> None:
    dice, copies, done = random.Random(SEED), count(), 0
    with copied(template, postgres, tmp_path / "whole") as settings:
        usual_s = seconds_of_one(settings)
        end = state_of(settings)
    while done < kills:
        with ExitStack() as stores:
            settings = stores.enter_context(copied(template, postgres, tmp_path / f"killed-{next(copies)}"))
            killed = killed_until_it_ends(settings, lambda: dice.uniform(0.0, usual_s), at_most=kills - done)
            ends(settings)
            assert state_of(settings) == end, f"after {killed} kills"
        done += killed
    figures |= {"kills": done, "usual_s": round(usual_s, 1)}


def killed_until_it_ends(settings: Settings, moment: Callable[[], float], *, at_most: int) -> int:
    """It is started again and again, each time killed after so many seconds, until it was faster; tells the kills."""
    for number in range(at_most):
        process = start(settings)
        process.join(moment())
        if not process.is_alive():
            assert process.exitcode == 0
            return number
        process.kill()
        process.join()
    return at_most
