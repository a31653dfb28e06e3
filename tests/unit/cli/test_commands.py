"""The command as users meet it: in a process of its own."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from wickstream.operate.supervision.pids import locked

CAPTURES = Path(__file__).parents[2] / "data"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("WICKSTREAM_")}


def wickstream(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in `folder`, which is also where default data folders would be."""
    return subprocess.run(
        [sys.executable, "-m", "wickstream", *arguments],
        env=ENVIRONMENT | {"XDG_DATA_HOME": str(folder)} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_one_line(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("wickstream: ")
    assert len(done.stderr.splitlines()) == 1
    assert all(word in done.stderr for word in words), done.stderr


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = wickstream(tmp_path, "--help")

    assert done.returncode == 0
    for command in (
        "up",
        "down",
        "status",
        "doctor",
        "exchange",
        "connect",
        "stream",
        "tickers",
        "write",
        "serve",
        "repair",
    ):
        assert f" {command} " in done.stdout


def test_help_loads_none_of_the_stages(tmp_path: Path) -> None:
    code = "import sys, wickstream.cli; print([m for m in sys.modules if m.startswith(('pyspark', 'wickstream.'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    for heavy in ("pyspark", "wickstream.store", "wickstream.stream", "wickstream.exchange", "wickstream.operate"):
        assert heavy not in done.stdout


def test_a_terminal_that_lacks_a_script_gets_it_spelt_out(tmp_path: Path) -> None:
    code = "import wickstream.cli as cli; cli.app = lambda: cli.typer.echo('币USDT'); cli.main()"
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=tmp_path, env=environment)

    assert done.stdout == b"\\u5e01USDT\n"


def test_a_malformed_setting_is_one_line_that_names_it(tmp_path: Path) -> None:
    assert_one_line(wickstream(tmp_path, "up", WICKSTREAM_PORT_BASE="eight"), "WICKSTREAM_PORT_BASE", ".env.example")
    assert_one_line(wickstream(tmp_path, "connect", LATENESS_HOURS="-1"), "LATENESS_HOURS")


def test_a_missing_capture_is_one_line_and_starts_nothing(tmp_path: Path) -> None:
    done = wickstream(tmp_path, "up", "--replay", "nowhere.gz")

    assert_one_line(done, "nowhere.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_capture_is_one_line_and_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.frames").write_text("1723075200000000000 {}x\n")
    assert_one_line(wickstream(tmp_path, "up", "--replay", "broken.frames"), "broken.frames, line 1")
    assert not (tmp_path / "wickstream").exists()


def test_a_port_in_use_is_one_line_and_starts_nothing(tmp_path: Path, port_base: int) -> None:
    with socket.create_server(("127.0.0.1", port_base)):
        done = wickstream(tmp_path, "up", "--port-base", str(port_base), WICKSTREAM_SOURCE="demo")

    assert_one_line(done, f"{port_base} (api)", "WICKSTREAM_PORT_BASE")
    assert not (tmp_path / "wickstream" / "demo" / "source.json").exists()


def test_a_port_in_use_is_told_to_who_starts_detached_too(tmp_path: Path, port_base: int) -> None:
    with socket.create_server(("127.0.0.1", port_base)):
        done = wickstream(tmp_path, "up", "--detach", WICKSTREAM_SOURCE="demo", WICKSTREAM_PORT_BASE=str(port_base))

    assert_one_line(done, f"{port_base} (api)", "WICKSTREAM_PORT_BASE")


def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    with locked(folder / "run"):
        done = wickstream(tmp_path, "up", "--data-dir", str(folder), WICKSTREAM_SOURCE="demo")

    assert_one_line(done, f"pid {os.getpid()}", "wickstream down")


def test_a_folder_of_another_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source.json").write_text('{"source": "live", "market": "spot"}')
    files = [str(file) for file in sorted(CAPTURES.glob("usdm_*.frames.gz"))]

    done = wickstream(tmp_path, "up", "--data-dir", str(tmp_path), "--replay", *files)

    assert_one_line(done, "belongs to the live source", "--data-dir")


def test_a_symbol_that_is_not_recorded_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    done = wickstream(tmp_path, "up", "--symbols", "BTCUDST", WICKSTREAM_SOURCE="demo")
    assert_one_line(done, "BTCUDST", "BTCUSDT")


@pytest.mark.parametrize("arguments", [("capture.gz",), ("--speed", "2"), ("--keep-times",)])
def test_replay_options_without_a_replay_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert_one_line(wickstream(tmp_path, "up", *arguments, WICKSTREAM_SOURCE="demo"), "--replay")


def test_symbols_need_something_that_runs_and_are_symbols(tmp_path: Path, port_base: int) -> None:
    free = {"WICKSTREAM_PORT_BASE": str(port_base)}

    assert_one_line(wickstream(tmp_path, "symbols", "list", **free), "nothing is running", "wickstream up")
    assert_one_line(wickstream(tmp_path, "symbols", "add", "BTCUSDT", **free), "nothing is running")
    assert_one_line(wickstream(tmp_path, "symbols", "add", "top=3", **free), "is a rule", "TICKER_SYMBOLS")
    assert_one_line(wickstream(tmp_path, "symbols", "remove", "BTC/USDT", **free), "is no symbol")


def test_a_shard_that_is_none_of_so_many_is_refused(tmp_path: Path) -> None:
    assert_one_line(wickstream(tmp_path, "connect", "--shard", "3/3"), "CONNECTOR_SHARD", "0/3, 1/3 and 2/3")


def test_status_and_down_of_nothing_say_so(tmp_path: Path) -> None:
    status, down = wickstream(tmp_path, "status"), wickstream(tmp_path, "down", "--json")

    assert status.returncode == 3
    assert "nothing is running" in status.stdout
    assert down.returncode == 0
    assert json.loads(down.stdout) == {"was_running": False, "data_dir": None}


def test_doctor_answers_in_json(tmp_path: Path) -> None:
    done = wickstream(tmp_path, "doctor", "--json")
    findings = json.loads(done.stdout)

    assert {"python", "java", "ports", "servers"} <= {finding["check"] for finding in findings}
    assert done.returncode == int(any(finding["verdict"] == "fail" for finding in findings))
