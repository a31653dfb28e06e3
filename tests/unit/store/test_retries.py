"""Patience with a store that is away."""

import threading
import time

from wickstream.errors import SinkBusy, StoreBusy
from wickstream.store.retries import LONGEST_PAUSE_S, Patience, pause_s


def test_pauses_grow_to_a_bound_and_never_overflow() -> None:
    assert pause_s(1) <= 0.05
    assert all(LONGEST_PAUSE_S / 2 <= pause_s(attempt) <= LONGEST_PAUSE_S for attempt in (8, 20, 1_024, 10**9))


def test_a_busy_store_is_asked_again_until_it_answers() -> None:
    answers = iter([StoreBusy("away"), StoreBusy("away"), None])

    def action() -> str:
        trouble = next(answers)
        if trouble:
            raise trouble
        return "done"

    assert Patience(threading.Event(), tier="test").repeat(action, "given up") == "done"


def test_told_to_stop_it_gives_up() -> None:
    stop = threading.Event()

    def action() -> str:
        stop.set()
        raise StoreBusy("away")

    assert Patience(stop, tier="test").repeat(action, "given up") == "given up"


def test_a_sink_that_says_how_long_is_left_alone_so_long() -> None:
    answers = iter([SinkBusy("hush", retry_after_s=0.3), None])

    def action() -> str:
        trouble = next(answers)
        if trouble:
            raise trouble
        return "done"

    began_s = time.monotonic()
    assert Patience(threading.Event(), tier="test").repeat(action, "given up") == "done"
    assert time.monotonic() - began_s >= 0.3
