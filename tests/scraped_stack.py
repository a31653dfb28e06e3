"""A real Prometheus that asks every process of a running stack, as Grafana's data source."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.grafana import Shown, expanded
from wickstream.config import Settings
from wickstream.operate.stack import answers
from wickstream.operate.supervision.process import ProcessSpec

SCRAPE_S = 1
PROCESSES = ("api", "connector", "stream", "tickers", "writer", "repair")  # by their ports' names

Asked = dict[str, Any]  # a target, as it stands in a panel


class Scraper:
    """On a port of the stack's range that a stack on one machine leaves free."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._port = settings.port("write-hot")
        self.spec = ProcessSpec(
            name="prometheus",
            argv=(
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self._port}",
            ),
            env={"PATH": "/usr/bin:/bin"},
            cwd=folder / "work",
            prepare=self._prepare,
            is_ready=lambda: answers("127.0.0.1", self._port, "/-/ready"),
        )

    def _prepare(self) -> None:
        targets = [
            {"targets": [f"127.0.0.1:{self._settings.port(name)}"], "labels": {"process": name}} for name in PROCESSES
        ]
        jobs = [{"job_name": "wickstream", "static_configs": targets}]
        config = {"global": {"scrape_interval": f"{SCRAPE_S}s"}, "scrape_configs": jobs}
        (self._folder / "prometheus.yml").write_text(json.dumps(config), "utf-8")  # which is YAML, too

    def total(self, metric: str) -> float:
        """Of all its series; 0 while there is none."""
        found = self._get("query", query=f"sum({metric})")
        return float(found[0]["value"][1]) if found else 0.0

    def scrapes(self) -> list[int]:
        """How often each process was asked, and answered."""
        found = self._get("query", query="sum by (process) (count_over_time(up[1h]) * up)")
        return [int(float(one["value"][1])) for one in found] if len(found) == len(PROCESSES) else [0]

    def series(self, target: Asked, shown: Shown) -> list[tuple[dict[str, str], list[float]]]:
        """What a panel is given: the labels and values of each series, without those that are no numbers."""
        query = expanded(target["expr"], shown)
        if target.get("instant"):
            found = self._get("query", query=query, time=shown.to_ms / 1_000)
        else:
            ends = {"start": shown.from_ms / 1_000, "end": shown.to_ms / 1_000, "step": shown.step_s}
            found = self._get("query_range", query=query, **ends)
        return [(one["metric"], _numbers(one.get("values") or [one["value"]])) for one in found]

    def _get(self, path: str, **asked: Any) -> Any:
        with urlopen(f"http://127.0.0.1:{self._port}/api/v1/{path}?{urlencode(asked)}", timeout=10) as answer:
            return json.load(answer)["data"]["result"]


def _numbers(samples: list[tuple[float, str]]) -> list[float]:
    return [float(value) for _, value in samples if value != "NaN"]
