"""How each process is, by its own metrics; of who does not answer nothing is known."""

import asyncio
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from math import isfinite, nan
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from wickstream.config import Settings
from wickstream.metrics import exposition
from wickstream.scraping import metrics_addresses

ANSWER_SECONDS = 1.0
MOST_BYTES = 8_000_000  # 500 symbols are 0.2 MB

_OF_ALL = {
    "memory_bytes": "wickstream_memory_bytes",
    "cpu_ms": "process_cpu_seconds_total",
    "started_at_ms": "process_start_time_seconds",
}
# What is told of each, and the metric it is; where that has labels, the sum over them. Metrics count in seconds, we in
# milliseconds.
FIGURES: Mapping[str, Mapping[str, str]] = {
    "connector": {
        "rows": "wickstream_trades_published_total",
        "lag_ms": "wickstream_feed_lag_seconds",
        "reconnects": "wickstream_reconnects_total",
        "symbols": "wickstream_symbols",
        "held_trades": "wickstream_held_trades",
        "dead_letters": "wickstream_dead_letters_total",
        "weight_used": "wickstream_rest_weight_used",
        "weight_limit": "wickstream_rest_weight_limit",
    },
    "stream": {
        "rows": "wickstream_stream_rows_total",
        "waiting": "wickstream_stream_lag_records",
        "batches": "wickstream_stream_batch_seconds_count",
        "batches_ms": "wickstream_stream_batch_seconds_sum",
        "late_rows": "wickstream_late_trades_total",
    },
    "tickers": {"waiting": "wickstream_tier_lag_records", "failed_writes": "wickstream_tier_writes_total"},
    "writer": {
        "rows": "wickstream_tier_writes_total",
        "waiting": "wickstream_tier_lag_records",
        "unproven_minutes": "wickstream_unproven_candles",
        "contradictions": "wickstream_contradictions_total",
        "dead_letters": "wickstream_dead_letters_total",
        "postgres_bytes": "wickstream_postgres_bytes",
        "redis_bytes": "wickstream_redis_used_bytes",
        "redis_limit_bytes": "wickstream_redis_limit_bytes",
        "disk_free_bytes": "wickstream_disk_free_bytes",
        "disk_bytes": "wickstream_disk_size_bytes",
    },
    "repair": {
        "rows": "wickstream_repaired_ids_total",
        "open_ids": "wickstream_open_ids",
        "open_entries": "wickstream_open_gaps",
        "recomputed_minutes": "wickstream_recomputed_candles_total",
    },
    "api": {
        "rows": "wickstream_api_requests_total",
        "subscribers": "wickstream_live_subscribers",
        "pushed": "wickstream_live_frames_total",
    },
}


class Process(NamedTuple):
    """One look at a process.

    Attributes:
        at: host and port of its metrics.
        why: nothing is known of it, and why; None: it answered.
        figures: by their names in `FIGURES`; those that it does not tell are not there.
    """

    name: str
    at: str
    why: str | None
    figures: Mapping[str, int]


async def look(settings: Settings) -> list[Process]:
    """Every process there is; the API says of itself what it knows."""
    addresses = metrics_addresses(settings, by_name=settings.process_hosts == "by-name")
    return list(await asyncio.gather(*(asyncio.to_thread(_look, name, at) for name, at in addresses.items())))


def _look(name: str, at: str) -> Process:
    try:
        return Process(name, at, None, figures_of(name, exposition(name) if name == "api" else _metrics(at)))
    except TimeoutError:
        return Process(name, at, f"{at} does not answer within {ANSWER_SECONDS:g} s", {})
    except OSError:
        return Process(name, at, f"nobody answers at {at}", {})
    except (HTTPException, ValueError):
        return Process(name, at, f"what answers at {at} tells no metrics", {})


def _metrics(at: str) -> bytes:
    """Asked directly, whatever proxy there is for others."""
    with closing(HTTPConnection(at, timeout=ANSWER_SECONDS)) as line:
        line.request("GET", "/metrics")
        answer = line.getresponse()
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"{at} answers {answer.status}")
        return answer.read(MOST_BYTES)


def figures_of(process: str, text: bytes) -> dict[str, int]:
    """What is told of such a process, out of Prometheus' text.

    Raises:
        ValueError: If it is no such text.
    """
    wanted = {metric: name for name, metric in (_OF_ALL | dict(FIGURES[process])).items()}
    figures: dict[str, float] = {}
    for family in text_string_to_metric_families(text.decode()):
        if family.type == "counter" and (name := wanted.get(f"{family.name}_total")):
            figures[name] = 0.0  # of one with labels there is nothing before the first
        for sample in family.samples:
            if name := wanted.get(sample.name):
                figures[name] = figures.get(name, 0.0) + sample.value * (1_000 if name.endswith("_ms") else 1)
    return {name: round(figures[name]) for name in wanted.values() if isfinite(figures.get(name, nan))}
