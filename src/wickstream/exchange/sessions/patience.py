"""How often the same ids are asked for. Pure: the clock is an argument."""

from collections.abc import Collection

from wickstream.exchange.sequencing.holes import Hole

FIRST_PAUSE_S = 0.5
PAUSE_CAP_S = 4.0


class Patience:
    """Ever less often: the database trails by a moment, or has not got them, and each question has its weight."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], tuple[int, float]] = {}  # how often, and when last

    def allows(self, hole: Hole, *, now_s: float) -> bool:
        """Whether it may be asked for now; a hole of which something came is another one."""
        times, at_s = self._asked.get((hole.symbol, hole.first), (0, 0.0))
        return not times or now_s - at_s >= min(PAUSE_CAP_S, FIRST_PAUSE_S * 2 ** min(times - 1, 8))

    def asked(self, hole: Hole, *, now_s: float) -> None:
        """It was asked for."""
        times, _ = self._asked.get((hole.symbol, hole.first), (0, 0.0))
        self._asked[hole.symbol, hole.first] = (times + 1, now_s)

    def keep_only(self, holes: Collection[Hole]) -> None:
        """Forget what is no hole any more."""
        present = {(hole.symbol, hole.first) for hole in holes}
        self._asked = {key: asked for key, asked in self._asked.items() if key in present}
