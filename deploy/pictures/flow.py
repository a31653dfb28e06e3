"""Who writes and who reads which topic; a test holds it against what each process imports."""

from wickstream.bus.topics import (
    ALERTS,
    DEAD_LETTERS,
    FEED_GAPS,
    MINUTE_MARKS,
    PROCESSED_AGGS,
    RAW_TICKERS,
    RAW_TRADES,
    SYMBOL_EVENTS,
)
from wickstream.config import PORT_OFFSETS
from wickstream.operate.stack import PORT_NAMES
from wickstream.store.archives import Alerts, Trades
from wickstream.store.tiers import Cold, Hot, Warm

PORT_BASE = 8000
TIERS = (Hot, Warm, Cold, Trades, Alerts)

WRITES = {
    "connect": {RAW_TRADES, RAW_TICKERS, MINUTE_MARKS, FEED_GAPS, SYMBOL_EVENTS, DEAD_LETTERS},
    "stream": {PROCESSED_AGGS, ALERTS},
    "write": {DEAD_LETTERS},
    "repair": {PROCESSED_AGGS, FEED_GAPS},
    "backfill": {PROCESSED_AGGS, FEED_GAPS},
    "symbols": {SYMBOL_EVENTS},
}
READS = {
    "connect": {RAW_TRADES, MINUTE_MARKS, FEED_GAPS, SYMBOL_EVENTS},
    "stream": {RAW_TRADES, MINUTE_MARKS, PROCESSED_AGGS, FEED_GAPS},
    "tickers": {RAW_TRADES, RAW_TICKERS},
    "write": {topic for tier in TIERS for topic in tier.topics},
    "repair": {RAW_TRADES},
    "serve": {RAW_TRADES, RAW_TICKERS, PROCESSED_AGGS, ALERTS},
}
PROCESSES = ("connect", "stream", "tickers", "write", "serve", "repair", "backfill", "symbols")


def port_of(process: str) -> str:
    """As `:8006`, at the default base; empty where it has none."""
    name = PORT_NAMES.get(process)
    return f":{PORT_BASE + PORT_OFFSETS[name]}" if name else ""
