"""The dashboards of the repository, as Grafana reads them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

GRAFANA = Path(__file__).parents[1] / "deploy" / "grafana"
FOLDER = GRAFANA / "dashboards"

Stored = dict[str, Any]


class Asked(NamedTuple):
    """One question of a dashboard, and where it is asked: in a panel, by a variable, or for its marks."""

    uid: str
    where: str
    target: Stored

    @property
    def name(self) -> str:
        """For the report of a test."""
        return f"{self.uid}: {self.where}"

    @property
    def sql(self) -> str | None:
        """What PostgreSQL is asked; None: it is Prometheus."""
        found: str | None = self.target.get("rawSql")
        return found


def stored() -> dict[str, Stored]:
    """By the name of the file."""
    return {file.name: json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))}


def panels_of(dashboard: Stored) -> list[Stored]:
    """Without the headings of rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def questions() -> list[Asked]:
    """All that all dashboards ask."""
    return [asked for dashboard in stored().values() for asked in _asked(dashboard)]


def _asked(dashboard: Stored) -> Iterator[Asked]:
    uid = dashboard["uid"]
    for variable in dashboard.get("templating", {}).get("list", ()):
        if variable["type"] == "query":
            target = {"rawSql": variable["query"], "format": "table", "datasource": variable["datasource"]}
            yield Asked(uid, f"variable {variable['name']}", target)
    for annotation in dashboard.get("annotations", {}).get("list", ()):
        yield Asked(uid, f"annotation {annotation['name']}", annotation["target"])
    for panel in panels_of(dashboard):
        for target in panel["targets"]:
            yield Asked(uid, f"{panel['title']} {panel['id']}{target['refId']}", target)
