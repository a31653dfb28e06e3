"""S6: some of many who listen hardly read; the others notice nothing of it, nor does the machine's memory."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.conftest import free_port_base
from tests.live_crowd import Crowd
from tests.push_server import streams
from tests.running import wait_until
from wickstream.operate.stack import answers

pytestmark = pytest.mark.stack

SYMBOLS, PER_SECOND = 20, 10
SECONDS = 25.0
CLOSED_WITHIN_S = 15.0
_MB = 1_048_576


@contextmanager
def push_server() -> Iterator[tuple[int, psutil.Process]]:
    port = free_port_base()
    argv = [sys.executable, "-m", "tests.push_server", str(port), str(SYMBOLS), str(PER_SECOND)]
    process = subprocess.Popen(argv)
    try:
        wait_until(lambda: answers("127.0.0.1", port, "/livez"), what="the server answers")
        yield port, psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("count", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_who_hardly_reads_is_closed_and_the_others_get_everything(count: int) -> None:
    with push_server() as (port, server):
        before = server.memory_info().rss
        crowd = Crowd.of(port, streams(SYMBOLS), count=count, slow=count // 10)
        crowd.listen(SECONDS)
        grown = server.memory_info().rss - before
        crowd.close()
    assert max(ear.ended_s or SECONDS for ear in crowd.slow) < CLOSED_WITHIN_S
    assert {ear.ended_s for ear in crowd.fast} == {None}
    expected = SYMBOLS * PER_SECOND * SECONDS
    assert min(ear.frames for ear in crowd.fast) > expected / 2  # the rest was conflated, if the machine was busy
    assert grown < (20 + count / 5) * _MB
