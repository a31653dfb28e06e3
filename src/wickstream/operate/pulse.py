"""The pulse of a running stack, for the live line: taken from the connector's metrics and the API's health."""

import http.client
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.request import urlopen

import msgspec

from wickstream.config import Settings

ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class Pulse:
    """One look; None: not known (yet)."""

    taken_at_s: float  # monotonic
    symbols: int | None = None
    trades: int | None = None  # since the connector's start
    trades_per_s: float | None = None
    last_closed_ms: int | None = None  # open time of the newest closed candle
    lag_ms: int | None = None

    def line(self) -> str:
        """For people."""
        closed = "none yet" if self.last_closed_ms is None else f"{_clock(self.last_closed_ms)} UTC"
        lag = "unknown" if self.lag_ms is None else f"{self.lag_ms:,} ms"
        symbols = "unknown" if self.symbols is None else self.symbols
        rate = "unknown" if self.trades_per_s is None else f"{self.trades_per_s:,.0f}"
        return f"{symbols} symbols · {rate} trades/s · last closed candle {closed} · lag {lag}"


class QueryProgress(msgspec.Struct, frozen=True):
    """How far one query of the stream is."""

    query: str
    rows: int  # since its process started
    lag_records: int  # not taken yet when its last batch began
    batches: int
    batch_seconds: float  # on average
    late_trades: int


def take_pulse(settings: Settings, before: Pulse | None) -> Pulse:
    """Ask both processes; the rate is since `before`. What does not answer stays unknown."""
    host = "127.0.0.1" if settings.listen_host == "0.0.0.0" else settings.listen_host  # noqa: S104 - compared
    metrics = _metrics(f"http://{host}:{settings.port('connector')}/metrics")
    health = _health(f"http://{host}:{settings.port('api')}/api/v1/system/health")
    now, trades = time.monotonic(), _total(metrics, "wickstream_trades_published_total")
    return Pulse(
        taken_at_s=now,
        symbols=_total(metrics, "wickstream_symbols"),
        trades=trades,
        trades_per_s=_rate(now, trades, before),
        # An API that is being started again does not make closed candles open.
        last_closed_ms=_newest_closed(health) if health or not before else before.last_closed_ms,
        lag_ms=health.get("lag_ms"),
    )


def open_ids(port: int) -> int | None:
    """How many ids the ledger calls missing, by the repair process that listens there; None if it does not say."""
    return _total(_metrics(f"http://127.0.0.1:{port}/metrics"), "wickstream_open_ids")


def unproven_minutes(port: int) -> int | None:
    """How many minutes the books call unproven, by the writer that listens there; None if it does not say."""
    return _total(_metrics(f"http://127.0.0.1:{port}/metrics"), "wickstream_unproven_candles")


def stream_progress(port: int) -> tuple[QueryProgress, ...]:
    """Of each query of the stream process that listens there; nothing if it does not answer."""
    metrics = _metrics(f"http://127.0.0.1:{port}/metrics")
    names = (key.partition('{query="')[2].removesuffix('"}') for key in metrics if key.startswith(f"{_ROWS}{{"))
    return tuple(_progress_of(name, metrics) for name in names)


_ROWS = "wickstream_stream_rows_total"


def _progress_of(query: str, metrics: dict[str, float]) -> QueryProgress:
    def read(name: str) -> float:
        return metrics.get(f'{name}{{query="{query}"}}', 0.0)

    batches = int(read("wickstream_stream_batch_seconds_count"))
    return QueryProgress(
        query=query,
        rows=int(read(_ROWS)),
        lag_records=int(read("wickstream_stream_lag_records")),
        batches=batches,
        batch_seconds=round(read("wickstream_stream_batch_seconds_sum") / max(batches, 1), 3),
        late_trades=int(read("wickstream_late_trades_total")),
    )


def _rate(now: float, trades: int | None, before: Pulse | None) -> float | None:
    if before is None or before.trades is None or trades is None or trades < before.trades:  # fewer: it was restarted
        return None
    return (trades - before.trades) / max(now - before.taken_at_s, 0.001)


def _metrics(url: str) -> dict[str, float]:
    """Samples by name and labels, as they stand in the text."""
    samples = (line.rpartition(" ") for line in _get(url).decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples if name}


def _total(metrics: dict[str, float], name: str) -> int | None:
    found = [value for key, value in metrics.items() if key.partition("{")[0] == name]
    return int(sum(found)) if found else None


def _health(url: str) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(_get(url))
    except msgspec.DecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _newest_closed(health: dict[str, Any]) -> int | None:
    tiers = health.get("tiers", {}).values()
    return max((tier["newest_closed"] for tier in tiers if tier.get("newest_closed") is not None), default=None)


def _get(url: str) -> bytes:
    try:
        with urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - built above, always http to ourselves
            body: bytes = answer.read()
    except (OSError, http.client.HTTPException):
        return b""
    return body


def _clock(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1_000, UTC).strftime("%H:%M")
