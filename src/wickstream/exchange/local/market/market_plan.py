"""What a generated market is made from: a few numbers, written as `symbols=500,rate=50000,seed=7`."""

import hashlib
from dataclasses import asdict, dataclass

from wickstream.errors import Mistake

_GENERATION = 1  # counts up when the same numbers give another market
_LIMITS = {"symbols": (1, 1_000), "rate": (1, 200_000), "seed": (0, 2**63 - 1), "seconds": (1, 31 * 86_400)}


@dataclass(frozen=True)
class MarketPlan:
    """A market is a pure function of these.

    Attributes:
        symbols: how many trade.
        rate: trades per second, all symbols together, on average.
        seconds: how long it trades; None: for ever.
    """

    symbols: int = 100
    rate: int = 1_000
    seed: int = 1
    seconds: int | None = None

    @property
    def text(self) -> str:
        """As on the command line."""
        return ",".join(f"{name}={value}" for name, value in asdict(self).items() if value is not None)

    @property
    def digest(self) -> str:
        """Names the market: 12 hex digits."""
        return hashlib.sha256(f"{_GENERATION}:{self.text}".encode()).hexdigest()[:12]


def parse_market(text: str) -> MarketPlan:
    """`symbols=…,rate=…,seed=…,seconds=…`, any of them.

    Raises:
        Mistake: If a name is unknown, named twice, or a number out of its range.
    """
    given: dict[str, int] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, number = part.partition("=")
        if name not in _LIMITS or name in given:
            raise Mistake(f"--generate {text}: {part} is not one of {', '.join(_LIMITS)}, each once")
        least, most = _LIMITS[name]
        if not (number.isascii() and number.isdigit() and least <= int(number) <= most):
            raise Mistake(f"--generate {text}: {name} is a whole number from {least} to {most}")
        given[name] = int(number)
    return MarketPlan(**given)
