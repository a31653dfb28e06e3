"""Where Prometheus is told to look."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SettingsMaker
from wickstream.metrics import EXPORTED
from wickstream.operate.stack import PORT_NAMES
from wickstream.scraping import scrape_targets

DEPLOY = Path(__file__).parents[2] / "deploy" / "prometheus"
OWN_PROCESSES = {"connector", "stream", "tickers", "writer", "repair", "api"}


@pytest.mark.parametrize(
    ("file", "by_name"), [("targets/local.json", False), ("compose-targets.json", True)], ids=["local", "compose"]
)
def test_the_files_say_what_the_settings_do(
    make_settings: SettingsMaker, tmp_path: Path, file: str, *, by_name: bool
) -> None:
    usual = make_settings(tmp_path, port_base=8_000)
    assert json.loads((DEPLOY / file).read_text("utf-8")) == scrape_targets(usual, by_name=by_name)


def test_every_process_of_up_that_is_ours_is_a_target() -> None:
    assert set(EXPORTED) == OWN_PROCESSES <= set(PORT_NAMES.values())


EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound


@pytest.mark.parametrize(
    ("listens", "found"), [(EVERYWHERE, "127.0.0.1"), ("::1", "[::1]"), ("192.0.2.7", "192.0.2.7")]
)
def test_they_are_where_the_processes_listen(
    make_settings: SettingsMaker, tmp_path: Path, listens: str, found: str
) -> None:
    settings = make_settings(tmp_path, listen_host=listens)
    assert scrape_targets(settings)[0]["targets"] == [f"{found}:{settings.port('connector')}"]


def test_the_command_prints_a_file_for_prometheus() -> None:
    command = [sys.executable, "-m", "wickstream", "targets", "--port-base", "9000"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert {"targets": ["127.0.0.1:9009"], "labels": {"process": "writer"}} in json.loads(done.stdout)
