"""The rules of Prometheus, their tests and their runbook belong together."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from wickstream.cli import app
from wickstream.metrics import EXPORTED, exposition

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy" / "prometheus"
RULES = sorted((DEPLOY / "rules").glob("*.yml"))
CASES = sorted((DEPLOY / "rule_tests").glob("*.yml"))
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
PAGES = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK, flags=re.MULTILINE | re.DOTALL))
OF_SAMPLES = re.compile(r"\bwickstream_[a-z_0-9]+")
RECORDED = re.compile(r"\bwickstream:[a-z_0-9]+:[a-z_0-9]+")
PYTHONS = {"process_cpu_seconds_total"}


def rules(kind: str) -> dict[str, dict[str, Any]]:
    """All of a kind, `alert` or `record`, by name."""
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]
    return {rule[kind]: rule for group in groups for rule in group["rules"] if kind in rule}


ALERTS, RECORDS = rules("alert"), rules("record")


def exported_names() -> set[str]:
    """Of all series that any process exports."""
    text = "\n".join(exposition(process).decode() for process in EXPORTED)
    names = set(re.findall(r"^# TYPE (\S+)", text, flags=re.MULTILINE))
    histograms = re.findall(r"^# TYPE (\S+) histogram", text, flags=re.MULTILINE)
    return names | {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}


@pytest.mark.system_program("promtool")
@pytest.mark.parametrize(
    "command", [["check", "config", DEPLOY / "prometheus.yml"], ["check", "rules", *RULES], ["test", "rules", *CASES]],
    ids=["configuration", "rules", "cases"],
)  # fmt: skip
def test_prometheus_own_tool_accepts_them(command: list[str | Path]) -> None:
    done = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_for_how_long_and_what_to_read(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert re.fullmatch(r"\d+m", alert["for"])
    assert {"summary", "description"} < alert["annotations"].keys()
    assert alert["annotations"]["runbook_url"] == f"docs/runbook.md#{name.lower()}"


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert PAGES.keys() == ALERTS.keys()
    for page in PAGES.values():
        assert re.search(r"\*\*Means\*\*.*\*\*Look at\*\*.*\*\*Do\*\*", page, flags=re.DOTALL), page


def test_every_alert_has_a_case_that_fires_one_before_and_one_after() -> None:
    cases = [case for file in CASES for case in yaml.safe_load(file.read_text("utf-8"))["tests"]]
    complete = set()
    for case in cases:
        fires = [bool(judged["exp_alerts"]) for judged in case["alert_rule_test"]]
        if re.fullmatch(r"(False)+True(False)+", "".join(map(str, fires))):
            complete |= {judged["alertname"] for judged in case["alert_rule_test"]}
    assert complete == ALERTS.keys()


def test_rules_and_runbook_name_only_what_is_exported_or_recorded() -> None:
    text = "\n".join(rule["expr"] for rule in (*ALERTS.values(), *RECORDS.values())) + RUNBOOK
    assert set(OF_SAMPLES.findall(text)) <= exported_names()
    assert set(RECORDED.findall(text)) <= RECORDS.keys()


def test_the_runbook_names_only_commands_that_there_are() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"(?:`|^ {4})wickstream ([a-z]+)", RUNBOOK, flags=re.MULTILINE))
    assert named
    assert named <= commands
