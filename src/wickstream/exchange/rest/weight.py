"""The request-weight budget of one address. Pure: the clock is an argument."""

SHARE = 0.68  # with what other processes at this address have on its way, never above 70 %
DEFAULT_LIMIT = 6_000  # until exchangeInfo has told


class WeightBudget:
    """Never more than a share of what the exchange allows in a minute, whoever at this address used it."""

    def __init__(self, limit: int = DEFAULT_LIMIT, *, share: float = SHARE) -> None:
        self.limit = limit
        self._share = share
        self._minute = -1
        self._used = 0

    @property
    def share(self) -> int:
        """Weight we allow ourselves in a minute."""
        return int(self.limit * self._share)

    def _roll(self, now_s: float) -> None:
        minute = int(now_s // 60)
        if minute != self._minute:
            self._minute, self._used = minute, 0

    def used(self, *, now_s: float) -> int:
        """Weight used in the running minute."""
        self._roll(now_s)
        return self._used

    def reserve(self, weight: int, *, now_s: float) -> float:
        """Take `weight` and return 0, or return how many seconds to wait before asking again."""
        self._roll(now_s)
        if self._used and self._used + weight > self.share:
            return 60 - now_s % 60
        self._used += weight
        return 0.0

    def observe(self, used: int, *, now_s: float) -> None:
        """The exchange's own count, from `X-MBX-USED-WEIGHT-1M`; others at this address count too."""
        self._roll(now_s)
        self._used = max(self._used, used)
