"""A real Prometheus with the rules of `deploy/prometheus`, in which time passes faster."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from wickstream.operate.stack import answers
from wickstream.operate.supervision.process import ProcessSpec

DEPLOY = Path(__file__).parents[1] / "deploy" / "prometheus"
HASTE = 12  # a minute of the rules is five seconds
EVERY = "1s"  # of scrapes and evaluations


def hastened(rules: str) -> str:
    """Rules with every duration divided by `HASTE`: ranges, how long an alert waits, and what is held against it.

    What is measured by the exchange's clock, which has a pace of its own, stays as it is.
    """
    rules = re.sub(r"(archive_behind:seconds >) (\d+)", lambda found: f"{found[1]} {int(found[2]) // HASTE}", rules)
    rules = re.sub(r"\[(\d+)m\]", lambda found: f"[{_short(found[1])}]", rules)
    return re.sub(r"\bfor: (\d+)m$", lambda found: f"for: {_short(found[1])}", rules, flags=re.MULTILINE)


def _short(minutes: str) -> str:
    return f"{int(minutes) * 60_000 // HASTE}ms"


def _called(labels: dict[str, str]) -> str:
    about = sorted(labels.keys() - {"alertname", "severity", "job", "instance"})
    return " ".join([labels["alertname"], *(labels[name] for name in about)])


class PrometheusServer:
    """Looks at what is in `targets`; if there is a key, it sends that to the API."""

    def __init__(self, folder: Path, *, port: int, targets: list[dict[str, Any]], key: str | None = None) -> None:
        self._config = folder / "config"
        self._port = port
        self._targets = targets
        self._key = key
        self.spec = ProcessSpec(
            name="prometheus",
            argv=(
                "prometheus",
                f"--config.file={self._config / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ),
            env={"PATH": os.defpath},
            cwd=folder / "work",
            prepare=self._prepare,
            is_ready=lambda: answers("127.0.0.1", port, "/-/ready"),
        )

    def _prepare(self) -> None:
        shutil.copytree(DEPLOY, self._config)
        main = self._config / "prometheus.yml"
        text = re.sub(r"(scrape|evaluation)_interval: 15s", rf"\1_interval: {EVERY}", main.read_text("utf-8"))
        if self._key is not None:
            text = re.sub(r"# (authorization:|  credentials_file:)", r"\1", text)
            (self._config / "api.key").write_text(self._key, "utf-8")
        main.write_text(text, "utf-8")
        for file in (self._config / "rules").glob("*.yml"):
            file.write_text(hastened(file.read_text("utf-8")), "utf-8")
        (self._config / "targets" / "local.json").write_text(json.dumps(self._targets), "utf-8")

    def firing(self) -> set[str]:
        """The alerts that fire now: by name, and by what they are about, as `TierFailing warm`."""
        return {_called(one["labels"]) for one in self.get("alerts")["alerts"] if one["state"] == "firing"}

    def up(self) -> dict[str, bool]:
        """Each process that is scraped, and whether the last scrape was answered."""
        return {one["labels"]["process"]: one["health"] == "up" for one in self.get("targets")["activeTargets"]}

    def value(self, expression: str) -> float | None:
        """Of an expression with one result; None: it has none."""
        found = self.get(f"query?query={quote(expression)}")["result"]
        return float(found[0]["value"][1]) if found else None

    def rules(self) -> dict[str, str]:
        """The health of each rule, by its name."""
        groups = self.get("rules")["groups"]
        return {
            rule["name"]: f"{rule['health']} {rule.get('lastError', '')}".strip() for g in groups for rule in g["rules"]
        }

    def get(self, path: str) -> Any:
        """An answer of its API."""
        with urlopen(f"http://127.0.0.1:{self._port}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]
