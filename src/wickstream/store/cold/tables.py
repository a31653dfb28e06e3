"""The three tables of the lake, for who asks of their files and not of their rows."""

from wickstream.config import Settings
from wickstream.store.cold import alerts, columns, trade_columns
from wickstream.store.cold.lake import LakeTable


def lake_tables(settings: Settings) -> dict[str, LakeTable]:
    """By their names."""
    return {
        "candles": LakeTable(settings, "candles", schema=columns.table_schema(), partition_by=columns.MONTH),
        "trades": LakeTable(
            settings,
            "trades",
            schema=trade_columns.table_schema(),
            partition_by=trade_columns.DAY,
            writer=trade_columns.WRITER,
        ),
        "alerts": LakeTable(settings, "alerts", schema=alerts.table_schema(), partition_by=columns.MONTH),
    }
