"""System Health: is everything up, how far behind is each stage, and what is not proven."""

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.boards import Look, Panels, board
from deploy.grafana.panels import BAD, GOOD, WARNING, Frame, figures, lines, listing, ranking
from deploy.grafana.promql import RATE, SHOWN, VISITS, quantile, rate
from deploy.grafana.sources import Prom, Sql
from deploy.grafana.sql import ALL_SYMBOLS, DAY_MS, MISSING, TO, as_time, hours
from deploy.grafana.system_servers import servers
from deploy.grafana.system_stages import feed, stores, stream

MINUTES = f"""
SELECT symbol, sum(minutes)::bigint AS "minutes", sum({MISSING})::bigint AS "missing",
       sum(unproven)::bigint AS "unproven", sum(repaired)::bigint AS "repaired", sum(halted)::bigint AS "halted"
FROM {hours(ALL_SYMBOLS, f"{TO} - {DAY_MS}")}
GROUP BY symbol ORDER BY "missing" DESC, "unproven" DESC, symbol LIMIT 25
"""
OPEN = f"""
SELECT symbol, 'ids ' || first_trade_id || ' to ' || last_trade_id AS "what", {as_time("detected_at")} AS "since",
       status AS "state", evidence
FROM gaps WHERE status IN ('open', 'candles_only') AND first_trade_id IS NOT NULL
UNION ALL
SELECT symbol, minutes || CASE minutes WHEN 1 THEN ' minute ' ELSE ' minutes ' END || kind,
       {as_time("open_time")}, 'unproven', NULL
FROM unproven WHERE found_at IS NOT NULL
ORDER BY 3 DESC LIMIT 50
"""
SLOW_ROUTES = quantile(0.95, "wickstream_api_seconds", "route", VISITS, over=SHOWN)


def system_health() -> dashboard.Dashboard:
    """In the order in which data passes."""
    return board(
        "wickstream-system",
        "Processes, lag and errors of every stage, and what is not proven.",
        Look("now-1h", "10s"),
        [],
        {
            "Now": _now(),
            "Feed": feed(),
            "Stream": stream(),
            "Stores": stores(),
            "Servers": servers(),
            "What is not proven": _proof(),
            "API and alerts": _serve(),
            "Processes": _processes(),
        },
    )


def _now() -> Panels:
    return [
        figures(
            Frame("Processes up", "Of all that Prometheus asks.", 4, 4, "none"),
            Prom("sum(up)", "up", is_now=True),
            Prom("count(up) - sum(up)", "down", is_now=True),
        ),
        figures(
            Frame(
                "Feed lag", "The exchange's now, less the newest trade's time. Without trades it grows, too.", 4, 4, "s"
            ),
            Prom("max(wickstream_feed_lag_seconds)", "lag"),
            steps=[(WARNING, 3), (BAD, 30)],
            below=GOOD,
            is_graph=True,
        ),
        figures(
            Frame("Trades missing", "Ids that the ledger calls missing; repair is after them.", 4, 4, "none"),
            Prom("sum(wickstream_open_ids)", "ids", is_now=True),
            steps=[(WARNING, 1)],
            below=GOOD,
        ),
        figures(
            Frame("Candles unproven", "Ended minutes without a closed candle that agrees with its mark.", 4, 4, "none"),
            Prom("max(wickstream_unproven_candles)", "minutes", is_now=True),
            steps=[(WARNING, 1), (BAD, 10)],
            below=GOOD,
        ),
        figures(
            Frame("Contradictions", "Candles of equal version and other values: never to be seen.", 4, 4, "none"),
            Prom("sum(wickstream_contradictions_total)", "candles", is_now=True),
            steps=[(BAD, 1)],
            below=GOOD,
        ),
        figures(
            Frame("REST weight", "Used in the running minute; the exchange bans those who use 6,000.", 4, 4, "none"),
            Prom("sum(wickstream_rest_weight_used)", "weight"),
            steps=[(WARNING, 3_000), (BAD, 5_000)],
            below=GOOD,
            is_graph=True,
        ),
    ]


def _proof() -> Panels:
    return [
        lines(
            Frame(
                "Missing and unproven",
                "Ranges of ids in the ledger that are open; minutes that no closed candle proves.",
                8,
            ),
            Prom("sum(wickstream_open_gaps)", "gaps"),
            Prom("max(wickstream_unproven_candles)", "minutes"),
        ),
        lines(
            Frame(
                "What became of gaps",
                "Missing ids since the start of the processes, by what became of them; where they were found; "
                "minutes computed again.",
                8,
            ),
            Prom("sum by (status) (wickstream_gap_ids_total)", "{{status}}"),
            Prom("sum by (rung) (wickstream_repaired_ids_total)", "found: {{rung}}"),
            Prom("sum(wickstream_recomputed_candles_total)", "computed again"),
        ),
        lines(
            Frame(
                "Marks", "Minutes that the connector proved, and those it had to correct, which should stay none.", 8
            ),
            Prom(f"sum by (kind) (increase(wickstream_marks_published_total{RATE}))", "{{kind}}"),
        ),
        listing(
            Frame("Open", "Ids that are nowhere yet, and minutes that the books found unproven.", 12, 9),
            Sql(OPEN),
            nothing="nothing is open",
        ),
        listing(
            Frame(
                "Minutes by symbol, 24 hours",
                "Of the minutes followed: neither closed nor halted (missing), marked but not agreed on (unproven).",
                12,
                9,
            ),
            Sql(MINUTES),
        ),
    ]


def _serve() -> Panels:
    return [
        lines(
            Frame("Requests", "Answered, by status.", 8, unit="reqps"),
            Prom(rate("wickstream_api_requests_total", "status"), "{{status}}"),
        ),
        lines(
            Frame("Time to answer", "Half, 95 % and 99 % of the answers took at most so long.", 8, unit="s"),
            *(
                Prom(quantile(share, "wickstream_api_seconds", which=VISITS), f"p{share:.0%}".rstrip("%"))
                for share in (0.5, 0.95, 0.99)
            ),
        ),
        ranking(
            Frame("Slowest routes", "95 % of the answers in the shown range took at most so long.", 8, unit="s"),
            Prom(f"topk(8, {SLOW_ROUTES} > 0)", "{{route}}", is_now=True),
            steps=[(WARNING, 1), (BAD, 5)],
        ),
        lines(
            Frame("Live push", "Who listens, and messages pushed a second.", 8),
            Prom("sum(wickstream_live_subscribers)", "listeners"),
            Prom(rate("wickstream_live_frames_total"), "messages/s"),
        ),
        lines(
            Frame(
                "Listeners turned away", "Closed by us, by reason; refused, by status. Since the start of the API.", 8
            ),
            Prom("sum by (reason) (wickstream_live_closed_total)", "closed: {{reason}}"),
            Prom("sum by (status) (wickstream_live_refused_total)", "refused: {{status}}"),
        ),
        lines(
            Frame("Alerts told", "What became of alerts at each sink, since the start of the writer.", 8),
            Prom("sum by (sink, outcome) (wickstream_alerts_offered_total)", "{{sink}} {{outcome}}"),
        ),
    ]


def _processes() -> Panels:
    return [
        lines(
            Frame("Up", "1: Prometheus was answered; 0: it was not.", 8, unit="none"),
            Prom("max by (process, instance) (up)", "{{process}} {{instance}}"),
        ),
        lines(
            Frame(
                "Memory",
                "Resident, of the Python processes; the servers and Spark's JVM are not among them.",
                8,
                unit="bytes",
            ),
            Prom("max by (process, instance) (process_resident_memory_bytes)", "{{process}} {{instance}}"),
        ),
        lines(
            Frame("CPU", "Cores used.", 8, unit="none"),
            Prom(f"sum by (process, instance) (rate(process_cpu_seconds_total{RATE}))", "{{process}} {{instance}}"),
        ),
    ]
