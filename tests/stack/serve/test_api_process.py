import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.conftest import SettingsMaker
from tests.running import wait_until
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.operate.stack import answers
from wickstream.serve.app import run

pytestmark = pytest.mark.stack

PROGRAM = "from wickstream.config import read_settings; from wickstream.serve.app import run; run(read_settings())"


@contextmanager
def api_process(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """The process as `up` starts it, with no server of the stack there."""
    env = {"WICKSTREAM_PORT_BASE": str(settings.port_base), "WICKSTREAM_DATA_DIR": str(settings.data_dir)}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=env)
    try:
        wait_until(lambda: answers("127.0.0.1", settings.port("api"), "/livez"), what="the API answers")
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def alone(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_settings(tmp_path_factory.mktemp("api"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_without_its_servers_and_stops_in_order(alone: Settings, number: signal.Signals) -> None:
    with api_process(alone) as process:
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 3


def test_what_reads_the_lake_is_not_loaded_before_somebody_asks_for_something_in_it(alone: Settings) -> None:
    with api_process(alone) as process:
        for path in ("/readyz", "/version", "/metrics", "/api/v1/market/realtime"):
            httpx.get(f"http://127.0.0.1:{alone.port('api')}{path}", trust_env=False, timeout=10)
        assert [name for name in loaded(process) if "deltalake" in name or "polars" in name] == []


def loaded(process: "subprocess.Popen[bytes]") -> set[str]:
    """Files whose code it has in memory."""
    return {line.split()[-1] for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines()}


def test_it_pushes_on_its_own_port(alone: Settings) -> None:
    with api_process(alone), connect(f"ws://127.0.0.1:{alone.port('api')}/ws/btcusdt@trade", proxy=None) as client:
        client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        assert json.loads(client.recv(10)) == {"result": ["btcusdt@trade"], "id": 1}


def test_a_taken_port_is_said_in_one_line(alone: Settings) -> None:
    with socket.create_server(("127.0.0.1", alone.port("api"))), pytest.raises(Mistake) as said:
        run(alone)
    assert str(said.value).startswith(f"cannot listen on 127.0.0.1:{alone.port('api')} (Address already in use)")
