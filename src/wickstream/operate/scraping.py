"""Where Prometheus finds each process's metrics, as its `file_sd` reads it."""

from typing import Any

from wickstream.config import Settings
from wickstream.metrics import EXPORTED


def scrape_targets(settings: Settings, *, by_name: bool = False) -> list[dict[str, Any]]:
    """One target for each process of `up`, labelled with its name; `by_name`: on a host of that name, else here."""
    here = "127.0.0.1" if settings.listen_host == "0.0.0.0" else settings.listen_host  # noqa: S104 - compared
    host = f"[{here}]" if ":" in here else here
    return [
        {"targets": [f"{process if by_name else host}:{settings.port(process)}"], "labels": {"process": process}}
        for process in EXPORTED
    ]
