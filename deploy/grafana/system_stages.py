"""System Health, stage by stage: feed, stream and stores."""

from deploy.grafana.boards import Panels
from deploy.grafana.panels import WARNING, Frame, lines, listing, ranking
from deploy.grafana.promql import RATE, quantile, rate
from deploy.grafana.sources import Prom, Sql

STORED = """
SELECT coalesce(inhparent::regclass, oid::regclass)::text AS "table",
       sum(pg_total_relation_size(oid))::float8 AS "size", sum(greatest(reltuples, 0))::float8 AS "rows"
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
GROUP BY 1 ORDER BY 2 DESC LIMIT 15
"""


def feed() -> Panels:
    """From the sockets to Kafka."""
    return [
        lines(
            Frame(
                "Trades a second by stage",
                "Taken off the sockets (tickers too), acknowledged by Kafka, taken in by Spark's candles, stored in "
                "the lake.",
                unit="cps",
            ),
            Prom(rate("wickstream_frames_total"), "frames"),
            Prom(rate("wickstream_trades_published_total"), "published"),
            Prom(rate('wickstream_stream_rows_total{query="candles"}'), "candles took"),
            Prom(rate('wickstream_tier_writes_total{tier="cold-trades"}'), "archived"),
        ),
        lines(
            Frame(
                "Feed lag",
                "The exchange's now less the newest trade's time; the most by which tickers were behind trades: 2.5 "
                "s is what proofs by ticker rest on.",
                unit="s",
            ),
            Prom("max by (instance) (wickstream_feed_lag_seconds)", "newest trade"),
            Prom("max by (instance) (wickstream_ticker_statistics_lag_seconds)", "tickers' statistics"),
        ),
        lines(
            Frame("Commit", "From a transaction's last record until the brokers have committed it.", 8, unit="s"),
            Prom(quantile(0.5, "wickstream_publish_seconds"), "p50"),
            Prom(quantile(0.99, "wickstream_publish_seconds"), "p99"),
        ),
        lines(
            Frame(
                "Held and kept", "Trades held back behind holes, and frames kept until they are committed, in bytes.", 8
            ),
            Prom("sum(wickstream_held_trades)", "trades held"),
            Prom("sum(wickstream_spool_bytes)", "bytes of frames"),
        ),
        lines(
            Frame("Trouble on the line", "Sockets opened again, trades that came again and messages set aside.", 8),
            Prom(f"sum(increase(wickstream_reconnects_total{RATE}))", "opened again"),
            Prom("sum(wickstream_duplicate_trades)", "came again"),
            Prom(f"sum by (reason) (increase(wickstream_dead_letters_total{RATE}))", "set aside: {{reason}}"),
        ),
        ranking(
            Frame(
                "Silent symbols",
                "How long ago each symbol's newest trade was made; a quiet symbol is no fault.",
                24,
                8,
                "s",
            ),
            Prom(
                "topk(12, time() - max by (symbol) (wickstream_symbol_newest_trade_timestamp_seconds))",
                "{{symbol}}",
                is_now=True,
            ),
            steps=[(WARNING, 60)],
        ),
    ]


def stream() -> Panels:
    """From Kafka to Kafka."""
    return [
        lines(
            Frame(
                "Batches",
                "Nine of ten batches took at most so long. Of whales: how long one read goes on.",
                8,
                unit="s",
            ),
            Prom(quantile(0.9, "wickstream_stream_batch_seconds", "query"), "{{query}}"),
        ),
        lines(
            Frame("Behind", "Records that a query had not taken yet when its last batch began.", 8),
            Prom("sum by (query) (wickstream_stream_lag_records)", "{{query}}"),
        ),
        lines(
            Frame(
                "State and leftovers",
                "Windows held in state; rows that came later than the allowed lateness, or were neither trade nor "
                "mark.",
                8,
            ),
            Prom("sum by (query) (wickstream_stream_state_rows)", "state of {{query}}"),
            Prom("sum(wickstream_late_trades_total)", "late"),
            Prom("sum(wickstream_malformed_rows_total)", "malformed"),
        ),
    ]


def stores() -> Panels:
    """From Kafka to the tiers."""
    return [
        lines(
            Frame(
                "Rows offered",
                "To each tier: stored, older than what is there, or to be tried again (failed).",
                8,
                unit="cps",
            ),
            Prom(rate("wickstream_tier_writes_total", "tier, outcome"), "{{tier}} {{outcome}}"),
        ),
        lines(
            Frame(
                "Behind",
                "Records of its first topic that a tier has not taken yet. The archives take a minute's at once.",
                8,
            ),
            Prom("max by (tier) (wickstream_tier_lag_records)", "{{tier}}"),
        ),
        listing(
            Frame("PostgreSQL", "Size of each table with its indexes and months, and about how many rows.", 8),
            Sql(STORED),
            units={"size": "bytes"},
        ),
    ]
