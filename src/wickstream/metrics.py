"""Every Prometheus metric, in one place; each process serves its own on its port."""

from prometheus_client import Counter, Gauge, Histogram, start_http_server

# Connector
FRAMES = Counter("wickstream_frames_total", "Messages taken off the sockets.")
TRADES_PUBLISHED = Counter("wickstream_trades_published_total", "Trades acknowledged in raw_trades.", ["source"])
TICKERS_PUBLISHED = Counter("wickstream_tickers_published_total", "Tickers acknowledged in raw_tickers.")
MARKS_PUBLISHED = Counter(
    "wickstream_marks_published_total", "Minute marks acknowledged.", ["kind"]
)  # first, corrected
DEAD_LETTERS = Counter("wickstream_dead_letters_total", "Messages set aside.", ["reason"])
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


def serve_metrics(host: str, port: int) -> None:
    """Serve `/metrics` of this process from a thread of its own."""
    start_http_server(port, addr=host)
