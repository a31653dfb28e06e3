"""What one process of the job does; known to the command line without Spark."""

from enum import StrEnum


class Part(StrEnum):
    """Which queries."""

    CANDLES = "candles"
    ALERTS = "alerts"
    ALL = "all"
