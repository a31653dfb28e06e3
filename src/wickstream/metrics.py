"""Every Prometheus metric, in one place; each process serves its own on its port, and no other's zeros."""

import os
import platform
from functools import lru_cache
from importlib.metadata import version

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    generate_latest,
    start_http_server,
)
from prometheus_client.metrics import MetricWrapperBase

from wickstream.footprint import memory_of

# Every process
BUILD = Info("wickstream_build", "The version of wickstream that runs, and of its Python.")
BUILD.info({"version": version("wickstream"), "python": platform.python_version()})
MEMORY = Gauge("wickstream_memory_bytes", "Memory of the process and all that it started, as the JVM of the stream.")
MEMORY.set_function(lambda: memory_of(os.getpid()) or 0)

# Connector
FRAMES = Counter("wickstream_frames_total", "Messages taken off the sockets.")
TRADES_PUBLISHED = Counter("wickstream_trades_published_total", "Trades acknowledged in raw_trades.", ["source"])
TICKERS_PUBLISHED = Counter("wickstream_tickers_published_total", "Tickers acknowledged in raw_tickers.")
MARKS_PUBLISHED = Counter(
    "wickstream_marks_published_total", "Minute marks acknowledged.", ["kind"]
)  # first, corrected
DEAD_LETTERS = Counter("wickstream_dead_letters_total", "Messages set aside.", ["reason"])
# malformed, id, unknown_symbol, time; unpublishable by the writer
RECONNECTS = Counter("wickstream_reconnects_total", "Sockets opened after the first.")
HELD_TRADES = Gauge("wickstream_held_trades", "Trades held back behind holes.")
GAP_IDS = Counter("wickstream_gap_ids_total", "Missing ids by what became of them.", ["status"])
NEWEST_TRADE = Gauge("wickstream_newest_trade_timestamp_seconds", "Trade time of the newest published trade.")
FEED_LAG = Gauge("wickstream_feed_lag_seconds", "The exchange's now minus the newest trade's time.")
PUBLISH_SECONDS = Histogram(
    "wickstream_publish_seconds",
    "From a transaction's last record until the brokers have committed it.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
SPOOL_BYTES = Gauge("wickstream_spool_bytes", "Memory of frames that are not committed yet.")
SYMBOL_NEWEST_TRADE = Gauge(
    "wickstream_symbol_newest_trade_timestamp_seconds", "Trade time of a symbol's newest trade.", ["symbol"]
)
STATISTICS_LAG = Gauge(
    "wickstream_ticker_statistics_lag_seconds",
    "The most by which a ticker was behind the trades; 2.5 s is what proofs by ticker rest on.",
)
DUPLICATES = Gauge("wickstream_duplicate_trades", "Trades that came again, since the last start of a session.")
REST_WEIGHT = Gauge("wickstream_rest_weight_used", "Request weight used in the running minute.")
REST_LIMIT = Gauge("wickstream_rest_weight_limit", "Request weight that the exchange allows an address in a minute.")
SYMBOLS = Gauge("wickstream_symbols", "Symbols this process follows.")

# Repair
REPAIRED_IDS = Counter("wickstream_repaired_ids_total", "Missing ids found again, by where.", ["rung"])
RECOMPUTED = Counter("wickstream_recomputed_candles_total", "Candles made again from trades that were here.")
OPEN_GAPS = Gauge("wickstream_open_gaps", "Ranges of ids that the ledger calls missing.")
OPEN_IDS = Gauge("wickstream_open_ids", "Ids that the ledger calls missing.")
UNPROVEN = Gauge("wickstream_unproven_candles", "Ended minutes without a closed candle that agrees with its mark.")

# Stream
STREAM_ROWS = Counter("wickstream_stream_rows_total", "Rows a query took in.", ["query"])
STREAM_BATCH = Histogram(
    "wickstream_stream_batch_seconds", "Duration of a batch.", ["query"], buckets=(0.1, 0.25, 0.5, 1, 2, 5, 15)
)  # of whales, which are read in real time, how long one read goes on
STREAM_LAG = Gauge(
    "wickstream_stream_lag_records", "Records a query had not taken yet when its last batch began.", ["query"]
)
STREAM_LATE = Counter(
    "wickstream_late_trades_total", "Rows dropped for being later than the allowed lateness.", ["query"]
)
STREAM_MALFORMED = Counter(
    "wickstream_malformed_rows_total", "Rows a query left out as neither trade nor mark.", ["query"]
)
STREAM_STATE_ROWS = Gauge("wickstream_stream_state_rows", "Windows held in state.", ["query"])

# Stores
TIER_WRITES = Counter(
    "wickstream_tier_writes_total", "Rows offered to a tier.", ["tier", "outcome"]
)  # stored, older, failed
TIER_LAG = Gauge("wickstream_tier_lag_records", "Records of its first topic a tier has not taken yet.", ["tier"])
CONTRADICTIONS = Counter("wickstream_contradictions_total", "Candles of equal version and other values.", ["tier"])
NEWEST_CLOSED = Gauge(
    "wickstream_newest_closed_timestamp_seconds",
    "End of the newest closed candle that this process has stored in a tier.",
    ["tier"],
)
COMPLETENESS = Gauge(
    "wickstream_complete_minutes_ratio",
    "Share of a symbol's minutes of the last hour that are closed or a recorded halt.",
    ["symbol"],
)

# What the writer stands on
SERVER_UP = Gauge("wickstream_server_up", "1 if the server answers the writer, else 0.", ["server"])
REDIS_BYTES = Gauge("wickstream_redis_used_bytes", "Memory that Redis uses.")
REDIS_LIMIT = Gauge("wickstream_redis_limit_bytes", "Memory that Redis may use; 0: as much as there is.")
POSTGRES_BYTES = Gauge("wickstream_postgres_bytes", "Size of the database.")
POSTGRES_CONNECTIONS = Gauge("wickstream_postgres_connections", "Connections of clients that PostgreSQL has.")
POSTGRES_LIMIT = Gauge("wickstream_postgres_connections_limit", "Connections that PostgreSQL accepts at most.")
DISK_FREE = Gauge("wickstream_disk_free_bytes", "Room left on the disk of the data folder.")
DISK_SIZE = Gauge("wickstream_disk_size_bytes", "Size of the disk of the data folder.")

# Sinks of alerts
ALERTS_OFFERED = Counter("wickstream_alerts_offered_total", "What became of alerts at a sink.", ["sink", "outcome"])
# told, refused, failed (it is tried again), late, filtered, repeated, cooling_down, stale

# API
API_REQUESTS = Counter("wickstream_api_requests_total", "Requests answered.", ["route", "status"])
API_SECONDS = Histogram("wickstream_api_seconds", "Time to answer.", ["route"])
LIVE_SUBSCRIBERS = Gauge("wickstream_live_subscribers", "Connections that listen to live push.")
LIVE_FRAMES = Counter("wickstream_live_frames_total", "Messages pushed, once for each who listens.")
LIVE_CLOSED = Counter("wickstream_live_closed_total", "Subscribers we closed.", ["reason"])
# slow, flooding, mute (no pong), old (its day is over)
LIVE_REFUSED = Counter("wickstream_live_refused_total", "Handshakes refused.", ["status"])


EXPORTED: dict[str, tuple[MetricWrapperBase, ...]] = {
    "connector": (
        FRAMES,
        TRADES_PUBLISHED,
        TICKERS_PUBLISHED,
        MARKS_PUBLISHED,
        DEAD_LETTERS,
        RECONNECTS,
        HELD_TRADES,
        GAP_IDS,
        NEWEST_TRADE,
        FEED_LAG,
        PUBLISH_SECONDS,
        SPOOL_BYTES,
        SYMBOL_NEWEST_TRADE,
        STATISTICS_LAG,
        DUPLICATES,
        REST_WEIGHT,
        REST_LIMIT,
        SYMBOLS,
    ),
    "stream": (STREAM_ROWS, STREAM_BATCH, STREAM_LAG, STREAM_LATE, STREAM_MALFORMED, STREAM_STATE_ROWS),
    "tickers": (TIER_WRITES, TIER_LAG),
    "writer": (
        TIER_WRITES,
        TIER_LAG,
        CONTRADICTIONS,
        NEWEST_CLOSED,
        COMPLETENESS,
        UNPROVEN,
        DEAD_LETTERS,
        ALERTS_OFFERED,
        SERVER_UP,
        REDIS_BYTES,
        REDIS_LIMIT,
        POSTGRES_BYTES,
        POSTGRES_CONNECTIONS,
        POSTGRES_LIMIT,
        DISK_FREE,
        DISK_SIZE,
    ),
    "repair": (GAP_IDS, REPAIRED_IDS, RECOMPUTED, OPEN_GAPS, OPEN_IDS, REST_WEIGHT, REST_LIMIT),
    "api": (API_REQUESTS, API_SECONDS, LIVE_SUBSCRIBERS, LIVE_FRAMES, LIVE_CLOSED, LIVE_REFUSED),
}

OF_ALL: tuple[MetricWrapperBase, ...] = (BUILD, MEMORY)

# What an alert counts reads 0 before the first one: a series that begins at 1 does not seem to have grown.
for _reason in ("malformed", "id", "unknown_symbol", "time", "unpublishable"):
    DEAD_LETTERS.labels(_reason)
for _kind in ("first", "corrected"):
    MARKS_PUBLISHED.labels(_kind)


@lru_cache
def registry_of(process: str) -> CollectorRegistry:
    """What a process exports, by its name in `EXPORTED`: its own metrics, and those that Python has of it."""
    registry = CollectorRegistry()
    for collector in (*EXPORTED[process], *OF_ALL, PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry


def exposition(process: str) -> bytes:
    """Its metrics now, as Prometheus reads them."""
    return generate_latest(registry_of(process))


def serve_metrics(host: str, port: int, process: str) -> None:
    """Serve `/metrics` of this process, by its name in `EXPORTED`, from a thread of its own."""
    start_http_server(port, addr=host, registry=registry_of(process))
