"""How long trades take from the exchange's `T` to Kafka, in real time."""

import time
from collections.abc import Iterator

from tests.chaos.published import Published
from tests.chaos.truth import Moment, Truth

LOOKS = 5


class Delays:
    """Measured by two clocks: the exchange's, which may be faster than real time, and the one that stamps records."""

    def __init__(self, truth: Truth, published: Published, *, speed: float) -> None:
        self._published = published
        self._speed = speed
        # The smallest of some: the answer's own way is in each of them
        self._origin_ms = min(time.time() * 1_000 - truth.moment().at_ms / speed for _ in range(LOOKS))

    def real_ms(self, exchange_ms: int) -> float:
        """When the exchange's clock showed that: UTC epoch, this machine's clock."""
        return self._origin_ms + exchange_ms / self._speed

    def of(self, symbol: str, since: Moment, until: Moment) -> Iterator[float]:
        """Seconds, of each trade of a symbol between two moments that is published."""
        published = self._published
        for row, written_ms in zip(published.trades[symbol], published.written_ms[symbol], strict=True):
            if since.at_ms < row[1] <= until.at_ms:
                yield (written_ms - self.real_ms(row[1])) / 1_000


def percentile_95(values: Iterator[float]) -> float:
    """The value that one of twenty is above."""
    ordered = sorted(values)
    return ordered[len(ordered) * 95 // 100]
