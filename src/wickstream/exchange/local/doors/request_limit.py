"""The exchange's request budget: weight per minute and address, 429 past it, 418 for who goes on asking."""

from collections.abc import Callable
from dataclasses import dataclass

from wickstream.binance.shapes import WEIGHT_PER_MINUTE, ApiError

_MINUTE_S = 60
_PATIENCE = 10  # requests refused with 429 before the ban
_BAN_S = 120


@dataclass
class _Account:
    minute: int = -1
    used: int = 0
    refused: int = 0
    banned_until_s: float = 0.0


class RequestLimit:
    """Counts what each address used in the running minute of real time."""

    def __init__(self, *, real_seconds: Callable[[], float], per_minute: int = WEIGHT_PER_MINUTE) -> None:
        self._real_seconds = real_seconds
        self._per_minute = per_minute
        self._accounts: dict[str, _Account] = {}

    def used(self, address: str) -> int:
        """Weight used in the running minute."""
        return self._account(address).used

    def allow(self, per_minute: int) -> None:
        """Set the weight that a minute has."""
        self._per_minute = per_minute

    def spend(self, address: str, weight: int) -> None:
        """Book a request.

        Raises:
            ApiError: 429 if the minute's weight is used up, 418 while the address is banned.
        """
        account, now = self._account(address), self._real_seconds()
        if now < account.banned_until_s:
            raise _banned(account.banned_until_s, now)
        account.used += weight
        if account.used <= self._per_minute:
            return
        account.refused += 1
        if account.refused > _PATIENCE:
            account.banned_until_s = now + _BAN_S
            raise _banned(account.banned_until_s, now)
        raise ApiError(
            -1003,
            f"Too much request weight used; current limit is {self._per_minute} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
            status=429,
            retry_after_s=int(_MINUTE_S - now % _MINUTE_S) + 1,
        )

    def _account(self, address: str) -> _Account:
        account = self._accounts.setdefault(address, _Account())
        minute = int(self._real_seconds() // _MINUTE_S)
        if account.minute != minute:
            account.minute, account.used, account.refused = minute, 0, 0
        return account


def _banned(until_s: float, now: float) -> ApiError:
    return ApiError(
        -1003,
        f"Way too much request weight used; IP banned until {int(until_s * 1_000)}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        status=418,
        retry_after_s=int(until_s - now) + 1,
    )
