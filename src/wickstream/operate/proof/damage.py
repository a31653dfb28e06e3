"""What a proof found wrong, for who repairs it: all of it, where a report shows the first of each kind."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from wickstream.operate.validation.evidence import Fault
from wickstream.store.cold.files import LakeFile


@dataclass
class Damage:
    """Of one run.

    Attributes:
        files: of each table of the lake those that are not what they were.
        minutes: of each symbol the open times (ms) at which something is wrong in warm or cold.
        marks: of each symbol the open times (ms) of marks that contradict their candle, or have none.
        hot: symbols whose hour in Redis is not what it should be.
        is_cold_proven: every other file of the lake was noted when it came.
        alerts: that differ, or lack, between warm and cold; by their ids.
    """

    files: dict[str, list[LakeFile]] = field(default_factory=dict)
    is_cold_proven: bool = False
    minutes: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    marks: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    hot: set[str] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)

    def take(self, faults: Iterable[Fault]) -> None:
        """Note the minutes of these."""
        for fault in faults:
            if fault.open_time is not None:
                self.minutes[fault.symbol].add(fault.open_time)

    @property
    def is_none(self) -> bool:
        """Nothing that could be repaired."""
        return not (any(self.files.values()) or self.minutes or self.marks or self.hot or self.alerts)
