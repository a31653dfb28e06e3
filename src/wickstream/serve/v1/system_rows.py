"""Rows of what is written down about the data."""

from typing import Any

from wickstream.events import Gap, SymbolEvent
from wickstream.store.warm.integrity import HourCount
from wickstream.store.warm.symbol_reads import SymbolRecord


def gap_row(gap: Gap) -> dict[str, Any]:
    """An entry of the ledger: of ids, or of the minute of a halt."""
    return {
        "symbol": gap.symbol,
        "status": gap.status,
        "first_trade_id": gap.first_trade_id,
        "last_trade_id": gap.last_trade_id,
        "ids": gap.size,
        "open_time": gap.open_time,
        "detected_at": gap.detected_at,
        "filled_by": gap.filled_by,
        "evidence": gap.evidence,
    }


def hour_row(hour: HourCount) -> dict[str, Any]:
    """Minutes by what became of them; all but `unproven` add up to `minutes`."""
    return {
        "symbol": hour.symbol,
        "open_time": hour.open_time,
        "minutes": hour.minutes,
        "complete": hour.complete,
        "repaired": hour.repaired,
        "quiet": hour.quiet,
        "halted": hour.halted,
        "missing": hour.missing,
        "unproven": hour.unproven,
    }


def symbol_row(record: SymbolRecord) -> dict[str, Any]:
    """What is followed, and the words on it."""
    return {
        "symbol": record.symbol,
        "status": record.status,
        "followed": record.is_followed,
        "followed_since": record.followed_since,
        "chosen_by": record.chosen_by,
        "shard": record.shard,
        "oldest_candle": record.oldest,
        "newest_candle": record.newest,
        "history": [_event_row(event) for event in record.history],
    }


def _event_row(event: SymbolEvent) -> dict[str, Any]:
    return {
        "since": event.since,
        "author": event.author,
        "status": event.status,
        "followed": event.chosen,
        "chosen_by": event.chosen_by,
    }
