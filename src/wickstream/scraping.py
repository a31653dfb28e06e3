"""Where each process's metrics are: for Prometheus as its `file_sd` reads it, and for the API."""

from collections.abc import Mapping
from typing import Any

from wickstream.config import Settings
from wickstream.metrics import EXPORTED


def metrics_addresses(settings: Settings, *, by_name: bool = False) -> Mapping[str, str]:
    """Host and port of each process of `up`, by its name; `by_name`: on a host of that name, else here."""
    here = "127.0.0.1" if settings.listen_host == "0.0.0.0" else settings.listen_host  # noqa: S104 - compared
    host = f"[{here}]" if ":" in here else here
    return {process: f"{process if by_name else host}:{settings.port(process)}" for process in EXPORTED}


def scrape_targets(settings: Settings, *, by_name: bool = False) -> list[dict[str, Any]]:
    """One target for each process, labelled with its name."""
    addresses = metrics_addresses(settings, by_name=by_name)
    return [{"targets": [address], "labels": {"process": process}} for process, address in addresses.items()]
