import os
import signal
import threading

from wickstream.stopping import StopFlag


def test_a_signal_during_the_wait_is_heeded_after_it() -> None:
    flag = StopFlag()
    before = signal.signal(signal.SIGUSR1, lambda *_: flag.set())
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        assert flag.wait(0.3)
        assert flag.is_set()
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


def test_a_flag_that_is_set_does_not_wait() -> None:
    flag = StopFlag()
    assert not flag.wait(0)
    flag.set()
    assert flag.wait(3_600)
