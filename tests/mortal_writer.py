"""The writer in a process that is cheap to make, for it is to be killed, and that may kill itself between two steps."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from typing import Any

from tests.interception import Moment
from wickstream.bus.consumer import Positions
from wickstream.config import Settings
from wickstream.stopping import StopFlag, set_by_signals
from wickstream.store import writer
from wickstream.store.tier import TierLoop

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])

Suicide = tuple[str, Moment]


def start_writer(
    settings: Settings, tiers: Sequence[Any], *, dies_at_offsets: Suicide | None = None
) -> ForkServerProcess:
    """The writer with these tiers; it kills itself before or after the offsets of the tier that is named move."""
    process = _context.Process(target=_write, args=(settings, tuple(tiers), dies_at_offsets), daemon=True)
    process.start()
    return process


@contextmanager
def writing(settings: Settings, tiers: Sequence[Any]) -> Iterator[ForkServerProcess]:
    """The writer, until the end of the block; it must have lived that long, and stop in order."""
    process = start_writer(settings, tiers)
    try:
        yield process
    finally:
        process.terminate()
        process.join(20)
    assert process.exitcode == 0


def _write(settings: Settings, tiers: Sequence[Any], dies_at_offsets: Suicide | None) -> None:
    stop = StopFlag()
    set_by_signals(stop)
    if dies_at_offsets:
        vars(writer)["TierLoop"] = _dying(*dies_at_offsets)
    writer.write(settings, stop=stop, on_ready=lambda: None, tiers=tiers, with_sinks=False)


def _dying(tier: str, moment: Moment) -> type[TierLoop]:
    class Dying(TierLoop):
        """As `kill -9` beside the one call of the loop that is no tier's."""

        def _commit(self, positions: Positions) -> bool:
            is_it = bool(positions) and self._tier.name == tier
            if is_it and moment is Moment.BEFORE:
                os.kill(os.getpid(), signal.SIGKILL)
            done = super()._commit(positions)
            if is_it:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

    return Dying
