"""What a contender used: CPU of its whole process, all threads, per message. Standard library only: peers import it."""

import json
import resource
import time
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Cost:
    """Of one run."""

    messages: int
    cpu_s: float
    wall_s: float

    @property
    def us_per_message(self) -> float:
        """CPU time, µs."""
        return self.cpu_s / self.messages * 1e6

    @property
    def per_cpu_second(self) -> float:
        """Messages."""
        return self.messages / self.cpu_s


class Meter:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._began_cpu_s, self._began_s = _cpu_s(), time.monotonic()

    def cost(self, messages: int) -> Cost:
        """What was used so far, for so many messages."""
        return Cost(messages, _cpu_s() - self._began_cpu_s, time.monotonic() - self._began_s)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def tell(cost: Cost) -> None:
    """To whoever started this contender."""
    print(json.dumps(asdict(cost)), flush=True)


def heard(line: str | bytes) -> Cost:
    """What a contender told."""
    return Cost(**json.loads(line))
