from pathlib import Path

import msgspec
import pytest

from tests.conftest import IsolatedSettings, free_port_base
from wickstream.errors import Mistake
from wickstream.operate.running import of_the_folder, reach
from wickstream.operate.supervision.pids import locked
from wickstream.operate.supervision.supervisor import ProcessState, StackState


def a_stack(folder: Path, *, port_base: int, source: str) -> None:
    """What a supervisor leaves to be read."""
    serve = ProcessState(name="serve", pid=1, state="ready", restarts=0, since_ms=0, port=port_base, trouble="")
    (folder / "run").mkdir(parents=True)
    state = StackState(supervisor=1, nanny=1, is_ready=True, processes=(serve,))
    (folder / "run" / "state.json").write_bytes(msgspec.json.encode(state))
    (folder / "source.json").write_text(f'{{"source": "{source}", "market": "spot"}}')


def test_a_running_stack_is_found_with_its_ports_and_its_exchange(tmp_path: Path) -> None:
    a_stack(tmp_path / "demo", port_base=9_000, source="demo")
    with locked(tmp_path / "demo" / "run"):
        found = reach(IsolatedSettings(), tmp_path)

    assert (found.kafka, found.exchange_rest_url) == ("127.0.0.1:9001", "http://127.0.0.1:9005")


def test_a_live_stack_has_the_exchange_of_the_settings(tmp_path: Path) -> None:
    a_stack(tmp_path / "live", port_base=9_000, source="live")
    with locked(tmp_path / "live" / "run"):
        found = reach(IsolatedSettings(exchange_rest_url="http://mirror"), tmp_path)

    assert (found.kafka, found.exchange_rest_url) == ("127.0.0.1:9001", "http://mirror")


def test_a_bus_of_one_s_own_needs_no_stack_here(tmp_path: Path) -> None:
    settings = IsolatedSettings(kafka_bootstrap_servers="kafka:9092")

    assert reach(settings, tmp_path) == settings


def test_where_nothing_runs_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="nothing is running"):
        reach(IsolatedSettings(port_base=free_port_base()), tmp_path)


def test_a_stack_s_stores_are_reached_with_its_ports_and_secrets(tmp_path: Path) -> None:
    a_stack(tmp_path / "demo", port_base=9_000, source="demo")
    with locked(tmp_path / "demo" / "run"):
        found = of_the_folder(IsolatedSettings(), tmp_path)

    assert (found.source, found.kafka, found.postgres_port, found.redis_port) == (
        "demo",
        "127.0.0.1:9001",
        9_003,
        9_004,
    )
    assert found.postgres_password is not None


def test_without_a_folder_the_settings_are_as_given(tmp_path: Path) -> None:
    settings = IsolatedSettings(postgres_host="postgres")

    assert of_the_folder(settings, tmp_path) == settings
