"""Alerts as columns of the lake."""

from arro3.core import DataType
from deltalake import Field, Schema, WriterProperties
from deltalake.schema import PrimitiveType

from wickstream.store.cold.columns import GROUP_ROWS, MONTH

KINDS = {
    "alert_id": ("string", DataType.utf8()),
    "type": ("string", DataType.utf8()),
    "symbol": ("string", DataType.utf8()),
    "at": ("long", DataType.int64()),
    "value": ("string", DataType.utf8()),
    "threshold": ("string", DataType.utf8()),
    "facts": ("string", DataType.utf8()),  # JSON
    "late": ("boolean", DataType.bool()),
    "final": ("boolean", DataType.bool()),
    "revision": ("integer", DataType.int32()),
    "trade_count": ("long", DataType.int64()),
    MONTH: ("string", DataType.utf8()),  # of `at`, as 2024-08: what the table is partitioned by
}

WRITER = WriterProperties(compression="ZSTD", max_row_group_size=GROUP_ROWS)


def table_schema() -> Schema:
    """The columns as the table declares them."""
    return Schema([Field(name, PrimitiveType(kind)) for name, (kind, _) in KINDS.items()])
