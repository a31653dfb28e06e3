"""At once for the first change, then never more often than every so many milliseconds. Pure; the clock is given."""


class Pace:
    """Which symbols have changed and may be written now."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._changed: dict[str, None] = {}
        self._written_at: dict[str, float] = {}

    def touch(self, symbol: str) -> None:
        """The symbol has changed."""
        self._changed[symbol] = None

    def due(self, now_s: float) -> list[str]:
        """Those that changed and were not written within the pause; they count as written now."""
        due = [s for s in self._changed if now_s - self._written_at.get(s, float("-inf")) >= self._pause_s]
        for symbol in due:
            del self._changed[symbol]
            self._written_at[symbol] = now_s
        return due

    def reset(self) -> None:
        """Nothing counts as written."""
        self._written_at.clear()
