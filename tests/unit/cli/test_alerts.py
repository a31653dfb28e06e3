"""`wickstream alerts test` as users meet it."""

import json
from pathlib import Path

from tests.sink_server import Reply, sink_server
from tests.unit.cli.test_commands import assert_one_line, wickstream


def test_a_sample_goes_through_every_sink_and_each_answer_is_shown(tmp_path: Path) -> None:
    with sink_server() as server:
        server.script.extend([Reply(), Reply(404, body=b"no_team")])
        done = wickstream(
            tmp_path, "alerts", "test", "--json", ALERT_SINKS="log,webhook,slack", ALERT_ALLOW_PRIVATE="true",
            ALERT_WEBHOOK_URL=f"{server.url}/hook", SLACK_WEBHOOK_URL=f"{server.url}/hush",
        )  # fmt: skip
        sent = server.received[0].json

    assert done.returncode == 1
    assert [(row["sink"], row["ok"], row["answer"]) for row in json.loads(done.stdout)] == [
        ("log", True, "written"),
        ("webhook", True, "200 OK"),
        ("slack", False, "404 Not Found: no_team"),
    ]
    assert sent["text"].startswith("[test] BTCUSDT whale: ")
    assert '"event": "alert"' in done.stderr
    assert "hush" not in done.stdout + done.stderr


def test_a_sink_in_a_private_network_is_refused_and_the_table_says_so(tmp_path: Path) -> None:
    done = wickstream(tmp_path, "alerts", "test", ALERT_SINKS="webhook", ALERT_WEBHOOK_URL="https://127.0.0.1/hush")

    assert done.returncode == 1
    assert "not a public address" in " ".join(done.stdout.split())


def test_a_sink_without_its_address_is_one_line(tmp_path: Path) -> None:
    assert_one_line(wickstream(tmp_path, "alerts", "test", ALERT_SINKS="slack"), "ALERT_SINKS", "SLACK_WEBHOOK_URL")
