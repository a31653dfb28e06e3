"""How long a process that died stays down before it is started again."""

import secrets
from collections.abc import Callable

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0

Jitter = Callable[[float], float]


def full_jitter(ceiling_s: float) -> float:
    """Anything between nothing and the ceiling, so that what died together does not come back together."""
    return secrets.SystemRandom().uniform(0, ceiling_s)


def pause_s(deaths: int, jitter: Jitter = full_jitter) -> float:
    """The pause after this many deaths in a row."""
    doublings = min(max(deaths - 1, 0), 16)  # 2.0**1024 overflows
    return jitter(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings))
