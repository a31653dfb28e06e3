"""The dashboards as the files that Grafana reads."""

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.market_overview import market_overview
from deploy.grafana.symbol_deep_dive import symbol_deep_dive
from deploy.grafana.system_health import system_health
from deploy.grafana.trading_analytics import trading_analytics

DASHBOARDS = Path(__file__).with_name("dashboards")
ALL = (market_overview, symbol_deep_dive, trading_analytics, system_health)


def files() -> dict[str, str]:
    """Text by name; the same each time, so that a change of the code is a change of its lines only."""
    built = [make().build() for make in ALL]
    return {
        f"{one.uid}.json": json.dumps(one, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for one in built
    }


def write(folder: Path) -> None:
    """All of them; others are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, "utf-8")
