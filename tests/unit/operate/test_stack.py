import http.server
import threading
from pathlib import Path
from typing import Any

import pytest

from wickstream.config import Settings, child_environment, read_settings
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files
from wickstream.operate.source import Chosen, Wish, plan_of
from wickstream.operate.stack import answers, build_layers, exchange_arguments, ports_of
from wickstream.operate.supervision.process import ProcessSpec

ELSEWHERE = {
    "kafka_bootstrap_servers": "kafka:9092",
    "redis_host": "redis",
    "postgres_host": "postgres",
    "postgres_password": "hush",
}
DEMO = ReplayPlan(files=demo_files(), demo=True)


def settings_of(folder: Path, **given: Any) -> Settings:
    return read_settings(**(ELSEWHERE | {"data_dir": folder, "port_base": 22_900} | given))


def stack_of(folder: Path, plan: ReplayPlan | None = DEMO) -> dict[str, ProcessSpec]:
    layers = build_layers(Chosen(settings_of(folder), plan, ""))
    return {part.name: part for layer in layers for part in layer if isinstance(part, ProcessSpec)}


def test_a_server_whose_address_is_set_is_never_started(tmp_path: Path) -> None:
    assert {"kafka", "postgres", "redis"}.isdisjoint(stack_of(tmp_path))


def test_nothing_waits_for_what_is_not_part_of_the_stack(tmp_path: Path) -> None:
    layers = build_layers(Chosen(settings_of(tmp_path), None, ""))
    names = {part.name for layer in layers for part in layer}

    assert {name for layer in layers for part in layer for name in part.after} <= names


def test_the_local_exchange_runs_only_where_there_is_something_to_play(tmp_path: Path) -> None:
    assert "exchange" in stack_of(tmp_path)
    assert "exchange" not in stack_of(tmp_path, None)


def test_the_past_is_filled_for_live_and_demo_but_never_for_a_replay(tmp_path: Path) -> None:
    replay = ReplayPlan(files=demo_files(), speed=None)

    assert "backfill" in stack_of(tmp_path)
    assert "backfill" in stack_of(tmp_path, None)
    assert "backfill" not in stack_of(tmp_path, replay)


def test_repair_goes_on_for_ever_whatever_is_played(tmp_path: Path) -> None:
    for plan in (DEMO, None, ReplayPlan(files=demo_files(), speed=None)):
        assert stack_of(tmp_path, plan)["repair"].argv[-2:] == ("repair", "--watch")


def test_the_stream_is_started_at_once(tmp_path: Path) -> None:
    assert stack_of(tmp_path)["stream"].after == ()


def test_the_options_of_the_exchange_give_back_the_plan() -> None:
    plan = ReplayPlan(files=demo_files(), keep_times=True, loop=True, speed=None)
    arguments = exchange_arguments(plan)

    assert arguments[-3:] == ("--keep-times", "--loop", "--speed=max")
    assert plan_of(Wish(plan.files, keep_times=True, loop=True, speed="max")) == plan
    assert plan_of(Wish()) == DEMO
    assert exchange_arguments(DEMO) == ()


def test_no_secret_is_in_a_command_line(tmp_path: Path) -> None:
    for spec in stack_of(tmp_path).values():
        assert "hush" not in repr(spec)
        assert spec.env["POSTGRES_PASSWORD"] == "hush"


def test_a_child_reads_exactly_the_settings_of_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path, ticker_symbols="SOLUSDT,BTCUSDT", cold_commit_seconds=5, source="demo")
    monkeypatch.setenv("COLD_URL", "s3://not/ours")

    environment = child_environment(settings)
    for name in list(environment):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.delenv("COLD_URL")

    assert "COLD_URL" not in environment
    assert read_settings() == settings


def test_every_process_has_a_port_of_its_own(tmp_path: Path) -> None:
    ports = ports_of(settings_of(tmp_path))

    assert len(set(ports.values())) == len(ports)
    assert all(0 <= port - 22_900 <= 20 for port in ports.values())


def test_a_probe_wants_an_answer_of_200() -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/livez" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        assert answers("127.0.0.1", port, "/livez")
        assert not answers("127.0.0.1", port, "/metrics")
        server.shutdown()
    assert not answers("127.0.0.1", port, "/livez")
