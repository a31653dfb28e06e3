"""The exchange's clock, as well as we know it. Pure: the process clock is an argument."""

from dataclasses import dataclass

SANE_AHEAD_MS = 5_000
SANE_BEHIND_MS = 3_600_000


@dataclass
class ExchangeClock:
    """Offset to the exchange's own time, corrected by the newest event seen.

    Rule 11: now is the exchange's clock; the process clock only measures how long ago we looked.
    """

    _synced_ms: int = 0
    _synced_at_s: float = 0.0

    @property
    def is_synced(self) -> bool:
        """Whether anything is known of the exchange's time."""
        return self._synced_ms > 0

    def sync(self, exchange_ms: int, *, now_s: float) -> None:
        """`/api/v3/time` answered `exchange_ms` just now."""
        self._synced_ms, self._synced_at_s = exchange_ms, now_s

    def now_ms(self, *, now_s: float) -> int:
        """The exchange's time, ms."""
        return self._synced_ms + int((now_s - self._synced_at_s) * 1_000)

    def age_s(self, *, now_s: float) -> float:
        """Seconds since it was last synced or corrected."""
        return now_s - self._synced_at_s

    def correct(self, event_ms: int, *, now_s: float) -> None:
        """An event was sent at `event_ms`: it cannot be earlier than that now.

        One that lies too far ahead corrects nothing: it may itself be wrong; ask for the time again.
        """
        ahead = event_ms - self.now_ms(now_s=now_s)
        if 0 < ahead < SANE_AHEAD_MS:
            self.sync(event_ms, now_s=now_s)

    def is_sane(self, traded_at_ms: int, *, now_s: float) -> bool:
        """Whether a socket's trade may have this time; refills are not judged by time."""
        return -SANE_BEHIND_MS < traded_at_ms - self.now_ms(now_s=now_s) < SANE_AHEAD_MS
