"""System Health: what the writer stands on, and how far each tier goes."""

from deploy.grafana.boards import Panels
from deploy.grafana.panels import Frame, lines
from deploy.grafana.sources import Prom

BEHIND = (
    "scalar(max(wickstream_newest_trade_timestamp_seconds))"
    " - max by (tier) (wickstream_newest_closed_timestamp_seconds)"
)


def servers() -> Panels:
    """As the writer sees them, every few seconds."""
    return [
        lines(
            Frame("Answer the writer", "1: the server does; 0: it does not.", 8, unit="none"),
            Prom("max by (server) (wickstream_server_up)", "{{server}}"),
        ),
        lines(
            Frame("Redis memory", "Used, and what it may use at most; 0: as much as there is.", 8, unit="bytes"),
            Prom("max(wickstream_redis_used_bytes)", "used"),
            Prom("max(wickstream_redis_limit_bytes)", "at most"),
        ),
        lines(
            Frame("PostgreSQL connections", "Of all clients, and how many are accepted at most.", 8, unit="none"),
            Prom("max(wickstream_postgres_connections)", "in use"),
            Prom("max(wickstream_postgres_connections_limit)", "at most"),
        ),
        lines(
            Frame("Room on the disk", "Of the data folder: what is left, and the size of the database.", unit="bytes"),
            Prom("min(wickstream_disk_free_bytes)", "left"),
            Prom("max(wickstream_postgres_bytes)", "database"),
        ),
        lines(
            Frame(
                "Tiers behind the feed",
                "From the end of the newest closed candle of each tier to the newest trade.",
                unit="s",
            ),
            Prom(BEHIND, "{{tier}}"),
        ),
    ]
