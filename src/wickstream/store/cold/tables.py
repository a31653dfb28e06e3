"""The three tables of the lake: each in the form that whoever opens it finds, and writes."""

from wickstream.config import Settings
from wickstream.store.cold import alert_columns, columns
from wickstream.store.cold.lake import LakeTable


def candles_table(settings: Settings) -> LakeTable:
    """By month."""
    schema = columns.table_schema()
    return LakeTable(settings, "candles", schema=schema, partition_by=columns.MONTH, writer=columns.WRITER)


def trades_table(settings: Settings) -> LakeTable:
    """By day."""
    from wickstream.store.cold import trade_columns  # loads polars, which candles are read without

    schema = trade_columns.table_schema()
    return LakeTable(settings, "trades", schema=schema, partition_by=trade_columns.DAY, writer=trade_columns.WRITER)


def alerts_table(settings: Settings) -> LakeTable:
    """By month."""
    schema = alert_columns.table_schema()
    return LakeTable(settings, "alerts", schema=schema, partition_by=columns.MONTH, writer=alert_columns.WRITER)


def lake_tables(settings: Settings) -> dict[str, LakeTable]:
    """All of them, by their names."""
    return {"candles": candles_table(settings), "trades": trades_table(settings), "alerts": alerts_table(settings)}
